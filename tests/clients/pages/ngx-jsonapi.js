// ngx-jsonapi: services for each type, resources with relationships, all as observables. It sends with axios, as that is
// configured for the whole program.

import axios from 'axios';
import { DocumentCollection, JsonapiBootstrap, JsonapiCore, Resource, Service } from 'ngx-jsonapi';
import { lastValueFrom } from 'rxjs';

class Role extends Resource {
  type = 'roles';
}

class User extends Resource {
  type = 'users';
  relationships = { roles: new DocumentCollection() };
}

class Roles extends Service {
  type = 'roles';
  resource = Role;
}

class Users extends Service {
  type = 'users';
  resource = User;
}

export function connect({ url, credentials }) {
  axios.defaults.auth = credentials;
  const parameters = { page: { number: 'page[number]', size: 'page[size]' } };
  JsonapiBootstrap.bootstrap({ user_config: { url: `${url}/`, parameters } });
  JsonapiCore.me = JsonapiCore.getInstance();
  const [users, roles] = [new Users(), new Roles()];
  users.register();
  roles.register();
  const plain = ({ id, attributes }) => ({ id, ...attributes });
  const all = (query) => lastValueFrom(users.all({ ttl: 0, ...query }));
  const one = (id) => lastValueFrom(users.get(id, { include: ['roles'], ttl: 0 }));
  const role = (id) => Object.assign(roles.new(), { id });
  const made = (attributes) => Object.assign(users.new(), { attributes });
  const save = (user) => lastValueFrom(user.save());
  const change = async (id, edit) => {
    const user = await one(id);
    edit(user);
    await save(user);
  };

  return {
    async list({ size }) {
      return (await all({ page: { number: 1, size } })).data.map(plain);
    },
    async pages({ sort, size }) {
      const pages = [];
      for (let number = 1, last = 1; number <= last; number += 1) {
        const page = await all({ sort: [sort], page: { number, size } });
        last = page.meta.pagination.page_count;
        pages.push(page.data.map(({ attributes }) => attributes.username));
      }
      return pages;
    },
    async include(username) {
      const [user] = (await all({ include: ['roles'], remotefilter: { username } })).data;
      return user.relationships.roles.data.map(({ attributes }) => attributes.name);
    },
    async query({ usernames, sort }) {
      // An array is written as filter[username][0]=...&filter[username][1]=...
      return (await all({ sort: [sort], remotefilter: { username: usernames } })).data.map(({ id }) => id);
    },
    async create(attributes) {
      const user = made(attributes);
      await save(user);
      return plain(user);
    },
    async update(id, attributes) {
      const user = await one(id);
      Object.assign(user.attributes, attributes);
      await save(user);
      return plain(user);
    },
    addRole: (id, added) => change(id, (user) => user.addRelationship(role(added), 'roles')),
    removeRole: (id, removed) => change(id, (user) => user.removeRelationship('roles', removed)),
    replaceRoles: (id, list) => change(id, (user) => {
      for (const { id: held } of [...user.relationships.roles.data]) user.removeRelationship('roles', held);
      user.addRelationships(list.map(role), 'roles');
    }),
    async invalid(attributes) {
      const { response } = await save(made(attributes)).then(() => null, (thrown) => thrown);
      return Object.fromEntries(response.data.errors.map(({ meta, detail }) => [meta.attribute, detail]));
    },
    remove: (id) => lastValueFrom(users.delete(id), { defaultValue: null }),
    statusOf: (problem) => problem.response?.status,
  };
}
