// Ember Data with the adapter and the serializer for JSON:API, in an application of Ember without templates.

import Application from '@ember/application';
import JSONAPIAdapter from '@ember-data/adapter/json-api';
import JSONAPISerializer from '@ember-data/serializer/json-api';
import Model, { attr, hasMany } from '@ember-data/model';
import Store from 'ember-data/store';

const basic = ({ username, password }) => `Basic ${btoa(`${username}:${password}`)}`;

const User = Model.extend({
  username: attr(),
  password: attr(),
  name: attr(),
  surname: attr(),
  fullName: attr(),
  roles: hasMany('role', { async: false, inverse: null }),
});

const Role = Model.extend({ name: attr() });

const Serializer = JSONAPISerializer.extend({
  // Without these two it writes full-name and looks for it.
  keyForAttribute: (name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  keyForRelationship: (name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
});

export async function connect({ url, credentials }) {
  // Everything is registered below, so nothing has to be found by its name.
  const Resolver = { create: () => ({ resolve: () => undefined }) };
  const application = Application.create({ autoboot: false, Resolver });
  application.register('service:store', Store);
  application.register('model:user', User);
  application.register('model:role', Role);
  application.register('serializer:application', Serializer);
  application.register('adapter:application', JSONAPIAdapter.extend({
    host: url,
    headers: { Authorization: basic(credentials) },
  }));
  const store = application.buildInstance().lookup('service:store');
  const plain = ({ id, username, name, surname, fullName }) => ({ id, username, name, surname, fullName });
  const one = (id) => store.findRecord('user', id, { include: 'roles', reload: true });
  const withRoles = async (id, change) => {
    const user = await one(id);
    const held = await user.roles;
    user.roles = await Promise.all(change(held.map((role) => role.id)).map((role) => store.findRecord('role', role)));
    await user.save();
  };

  return {
    async list({ size }) {
      return (await store.query('user', { page: { size } })).map(plain);
    },
    async pages({ sort, size }) {
      const pages = [];
      for (let number = 1, next = true; next; number += 1) {
        const users = await store.query('user', { sort, page: { number, size } });
        pages.push(users.map(({ username }) => username));
        next = users.links.next;
      }
      return pages;
    },
    async include(username) {
      const [user] = await store.query('user', { include: 'roles', filter: { username } });
      return (await user.roles).map(({ name }) => name);
    },
    async query({ usernames, sort }) {
      // An array is written as filter[username][]=...&filter[username][]=...
      return (await store.query('user', { sort, filter: { username: usernames } })).map(({ id }) => id);
    },
    async create(attributes) {
      const user = store.createRecord('user', attributes);
      await user.save();
      return plain(user);
    },
    async update(id, attributes) {
      const user = await one(id);
      user.setProperties(attributes);
      await user.save();
      return plain(user);
    },
    addRole: (id, role) => withRoles(id, (held) => [...held, role]),
    removeRole: (id, role) => withRoles(id, (held) => held.filter((other) => other !== role)),
    replaceRoles: (id, roles) => withRoles(id, () => roles),
    async invalid(attributes) {
      const user = store.createRecord('user', attributes);
      const problem = await user.save().then(() => null, (thrown) => thrown);
      return Object.fromEntries(problem.errors.map(({ meta, detail }) => [meta.attribute, detail]));
    },
    /** What a form shows at an attribute. */
    async shown(attributes, name) {
      const user = store.createRecord('user', attributes);
      await user.save().then(() => null, () => null);
      return user.errors.errorsFor(name).map(({ message }) => message);
    },
    async remove(id) {
      await (await one(id)).destroyRecord();
    },
    statusOf: (problem) => problem.errors?.[0].status,
  };
}
