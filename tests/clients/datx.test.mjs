// @datx/jsonapi: models in a collection that is kept up to date; requests are configured for the whole program.

import datx from '@datx/core';
import datxJsonapi from '@datx/jsonapi';
import { basic } from './support/server.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { refusal } from './support/refusal.mjs';
import { npmVersion } from './support/version.mjs';

const { Attribute, Collection, Model } = datx;
const { config, jsonapiCollection, jsonapiModel } = datxJsonapi;

class Role extends jsonapiModel(Model) {
  static type = 'roles';
}
Attribute()(Role.prototype, 'name');

class User extends jsonapiModel(Model) {
  static type = 'users';
}
for (const name of ['username', 'password', 'name', 'surname']) Attribute()(User.prototype, name);
Attribute({ toMany: Role })(User.prototype, 'roles');

class Directory extends jsonapiCollection(Collection) {
  static types = [User, Role];
}

function connect({ url, credentials }) {
  const directory = () => {
    config.baseUrl = `${url}/`;
    config.defaultFetchOptions = {
      headers: { 'content-type': 'application/vnd.api+json', authorization: basic(credentials) },
    };
    return new Directory();
  };
  const many = (queryParams) => directory().getMany(User, { queryParams });
  const one = async (id) => (await directory().getOne(User, id, { queryParams: { include: 'roles' } })).data;
  const plain = ({ meta, username, name, surname }) => ({ id: meta.id, username, name, surname });
  const change = (method) => (id, role) => (
    directory().request(`users/${id}/relationships/roles`, method, { data: [{ type: 'roles', id: role }] })
  );

  return {
    async list({ size }) {
      const { data } = await many({ custom: [{ key: 'page[size]', value: size }] });
      return data.map(plain);
    },
    async pages({ sort, size }) {
      let page = await many({ sort, custom: [{ key: 'page[size]', value: size }] });
      const pages = [page];
      while (page.links.next) {
        page = await page.next();
        pages.push(page);
      }
      return pages.map(({ data }) => data.map(({ username }) => username));
    },
    async include(username) {
      const { data } = await many({ include: 'roles', filter: { username } });
      return data[0].roles.map(({ name }) => name);
    },
    async query({ usernames, sort }) {
      const { data } = await many({ sort, filter: { username: usernames } });
      return data.map(({ meta }) => meta.id);
    },
    async create(attributes) {
      const user = directory().add(attributes, User);
      await user.save();
      return plain(user);
    },
    async update(id, attributes) {
      const user = await one(id);
      Object.assign(user, attributes);
      await user.save();
      return plain(user);
    },
    addRole: byHand('sends the identifiers with `collection.request`', change('POST')),
    removeRole: byHand('as for adding', change('DELETE')),
    async replaceRoles(id, roles) {
      const user = await one(id);
      user.roles = roles.map((role) => ({ type: 'roles', id: role }));
      await user.save();
    },
    async invalid(attributes) {
      const user = directory().add(attributes, User);
      const { error: errors } = await refusal(user.save());
      return Object.fromEntries(errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: async (id) => (await one(id)).destroy(),
    statusOf: (problem) => problem.error[0].status,
  };
}

matrix({
  client: '@datx/jsonapi',
  version: npmVersion('@datx/jsonapi'),
  remarks: ['Every save sends the roles that the model knows: read a user with `include: "roles"` before it is saved, or its roles are removed.'],
  connect,
});
