// angular2-jsonapi with the HTTP client of Angular 8, which is made by hand instead of injected.

import 'zone.js';
import 'reflect-metadata';
import { HttpClient, HttpHeaders, HttpXhrBackend } from '@angular/common/http';
import { Attribute, HasMany, JsonApiDatastore, JsonApiDatastoreConfig, JsonApiModel, JsonApiModelConfig } from 'angular2-jsonapi';

const basic = ({ username, password }) => `Basic ${btoa(`${username}:${password}`)}`;

/** What the compiler of TypeScript makes of `@Attribute() name: string`. */
function text(model, ...names) {
  for (const name of names) {
    Reflect.defineMetadata('design:type', String, model.prototype, name);
    Attribute()(model.prototype, name);
  }
}

class Role extends JsonApiModel {}
JsonApiModelConfig({ type: 'roles' })(Role);
text(Role, 'name');

class User extends JsonApiModel {}
JsonApiModelConfig({ type: 'users' })(User);
text(User, 'username', 'password', 'name', 'surname');
HasMany()(User.prototype, 'roles');

class Directory extends JsonApiDatastore {}

export function connect({ url, credentials }) {
  JsonApiDatastoreConfig({ baseUrl: url, models: { users: User, roles: Role } })(Directory);
  const directory = new Directory(new HttpClient(new HttpXhrBackend({ build: () => new XMLHttpRequest() })));
  directory.headers = new HttpHeaders({ Authorization: basic(credentials) });
  const plain = ({ id, username, name, surname }) => ({ id, username, name, surname });
  const all = async (query) => (await directory.findAll(User, query).toPromise()).getModels();
  const one = (id) => directory.findRecord(User, id, { include: 'roles' }).toPromise();
  const role = (id) => new Role(directory, { id });
  const change = async (id, edit) => {
    const user = await one(id);
    user.roles = edit(user.roles ?? []);
    await user.save().toPromise();
  };

  return {
    list: async ({ size }) => (await all({ page: { size } })).map(plain),
    async pages({ sort, size }) {
      const pages = [];
      for (let number = 1, last = 1; number <= last; number += 1) {
        const page = await directory.findAll(User, { sort, page: { number, size } }).toPromise();
        last = page.getMeta().meta.pagination.page_count;
        pages.push(page.getModels().map(({ username }) => username));
      }
      return pages;
    },
    async include(username) {
      const [user] = await all({ include: 'roles', filter: { username } });
      return user.roles.map(({ name }) => name);
    },
    // An array is written as filter[username][]=...&filter[username][]=...
    query: async ({ usernames, sort }) => (await all({ sort, filter: { username: usernames } })).map(({ id }) => id),
    async create(attributes) {
      return plain(await directory.createRecord(User, attributes).save().toPromise());
    },
    async update(id, attributes) {
      const user = await one(id);
      Object.assign(user, attributes);
      return plain(await user.save().toPromise());
    },
    addRole: (id, added) => change(id, (held) => [...held, role(added)]),
    removeRole: (id, removed) => change(id, (held) => held.filter((other) => other.id !== removed)),
    replaceRoles: (id, roles) => change(id, () => roles.map(role)),
    async invalid(attributes) {
      const { errors } = await directory.createRecord(User, attributes).save().toPromise().then(() => null, (thrown) => thrown);
      return Object.fromEntries(errors.map(({ meta, detail }) => [meta.attribute, detail]));
    },
    remove: (id) => directory.deleteRecord(User, id).toPromise(),
    statusOf: (problem) => problem.errors?.[0].status ?? problem.status,
  };
}
