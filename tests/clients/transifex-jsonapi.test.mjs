// @transifex/jsonapi: an SDK made of classes, one for each type; relationships are followed by their links.

import transifex from '@transifex/jsonapi';
import { basic } from './support/server.mjs';
import { refusal } from './support/refusal.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const { JsonApi, Resource } = transifex;

class Directory extends JsonApi {}

class User extends Resource {
  static TYPE = 'users';
}
Directory.register(User, 'User');

class Role extends Resource {
  static TYPE = 'roles';
}
Directory.register(Role, 'Role');

function connect({ url, credentials }) {
  const api = new Directory({ host: url, auth: () => ({ Authorization: basic(credentials) }) });
  const plain = ({ id, attributes }) => ({ id, ...attributes });
  const role = (id) => new api.Role({ id });

  return {
    async list({ size }) {
      const users = api.User.list().page({ size });
      await users.fetch();
      return users.data.map(plain);
    },
    async pages({ sort, size }) {
      const pages = [];
      for await (const page of api.User.list().sort(sort).page({ size }).allPages()) {
        pages.push(page.data.map((user) => user.get('username')));
      }
      return pages;
    },
    include: byHand('lists fill in only relationships to one: the user is read by id, with `include`', async (username) => {
      const { id } = await api.User.get({ username });
      const user = await api.User.get(id, { include: ['roles'] });
      return user.get('roles').data.map((held) => held.get('name'));
    }),
    async query({ usernames, sort }) {
      const users = api.User.filter({ username: usernames.join() }).sort(sort);
      await users.fetch();
      return users.data.map(({ id }) => id);
    },
    create: async (attributes) => plain(await api.User.create(attributes)),
    async update(id, attributes) {
      const user = await api.User.get(id);
      await user.save(attributes);
      return plain(user);
    },
    addRole: async (id, added) => (await api.User.get(id)).add('roles', [role(added)]),
    removeRole: async (id, removed) => (await api.User.get(id)).remove('roles', [role(removed)]),
    replaceRoles: async (id, roles) => (await api.User.get(id)).reset('roles', roles.map(role)),
    invalid: byHand('its errors have no `meta`: the text names the attribute', async (attributes) => {
      const { errors } = await refusal(api.User.create(attributes));
      return Object.fromEntries(errors.map(({ detail }) => [detail.split(':')[0], detail]));
    }),
    remove: async (id) => (await api.User.get(id)).delete(),
    statusOf: (problem) => problem.statusCode,
  };
}

matrix({
  client: '@transifex/jsonapi',
  version: npmVersion('@transifex/jsonapi'),
  connect,
});
