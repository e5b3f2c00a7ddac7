// spraypaint: Graphiti's client; models with dirty tracking. It writes relationships with the resource only, never
// through relationship URLs, and marks each identifier with a member `method` of Graphiti's.

import spraypaint from 'spraypaint';
import { basic } from './support/server.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const { SpraypaintBase, attr, hasMany } = spraypaint;

function connect({ url, credentials }) {
  const Base = SpraypaintBase.extend({ static: { baseUrl: url, apiNamespace: '', jwt: 'none' } });
  Base.setAsBase();
  Base.keyCase = { server: 'snake', client: 'camel' };
  Base.logger.level = 'error';
  Base.generateAuthHeader = () => basic(credentials);
  const Role = Base.extend({ static: { jsonapiType: 'roles' }, attrs: { name: attr() } });
  const User = Base.extend({
    static: { jsonapiType: 'users' },
    attrs: { username: attr(), password: attr(), name: attr(), surname: attr(), roles: hasMany() },
  });

  const withRoles = async (id) => (await User.includes('roles').find(id)).data;
  const role = (id) => Object.assign(new Role({ id }), { isPersisted: true });
  const whole = 'it knows no relationship URLs: the user is saved with the whole list of roles';
  const plain = ({ id, username, name, surname }) => ({ id, username, name, surname });

  return {
    async list({ size }) {
      const { data } = await User.per(size).all();
      return data.map(plain);
    },
    async pages({ sort, size }) {
      const pages = [];
      for (let number = 1, more = true; more; number += 1) {
        const page = await User.order({ [sort]: 'asc' }).page(number).per(size).all();
        pages.push(page.data.map(({ username }) => username));
        more = Boolean(page.raw.links.next);
      }
      return pages;
    },
    async include(username) {
      const { data } = await User.includes('roles').where({ username }).all();
      return data[0].roles.map(({ name }) => name);
    },
    async query({ usernames, sort }) {
      const { data } = await User.where({ username: usernames }).order({ [sort.slice(1)]: 'desc' }).all();
      return data.map(({ id }) => id);
    },
    async create(attributes) {
      const user = new User(attributes);
      if (!await user.save()) throw user.errors;
      return plain(user);
    },
    async update(id, attributes) {
      const { data: user } = await User.find(id);
      user.assignAttributes(attributes);
      if (!await user.save()) throw user.errors;
      return plain(user);
    },
    addRole: byHand(whole, async (id, added) => {
      const user = await withRoles(id);
      user.roles = [...user.roles, role(added)];
      await user.save({ with: 'roles.id' });
    }),
    removeRole: byHand(whole, async (id, removed) => {
      const user = await withRoles(id);
      user.roles = user.roles.filter((held) => held.id !== removed);
      await user.save({ with: 'roles.id' });
    }),
    async replaceRoles(id, list) {
      const user = await withRoles(id);
      user.roles = list.map(role);
      await user.save({ with: 'roles.id' });
    },
    async invalid(attributes) {
      const user = new User(attributes);
      if (await user.save()) return {};
      return Object.fromEntries(Object.entries(user.errors).map(([key, error]) => [key, error.message]));
    },
    async remove(id) {
      const { data: user } = await User.find(id);
      await user.destroy();
    },
    statusOf: (problem) => problem.response.status,
  };
}

matrix({
  client: 'spraypaint',
  version: npmVersion('spraypaint'),
  // With any other status it throws "invalid json" and forgets the errors.
  settings: { ROLECALL_INVALID_DATA_STATUS: '422' },
  remarks: [
    'Saved `with: "roles"` it sends only the roles that changed, which in JSON:API means: these and no others. Save `with: "roles.id"`, which sends them all.',
    'An empty list of roles is never sent, so the last role cannot be removed.',
  ],
  connect,
});
