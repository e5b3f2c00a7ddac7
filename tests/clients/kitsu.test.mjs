// kitsu: plain objects in and out; relationship URLs and bulk bodies are part of its path syntax.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import Kitsu from 'kitsu';
import { refusal } from './support/refusal.mjs';
import { basic } from './support/server.mjs';
import { matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

function connect({ url, credentials }) {
  const api = new Kitsu({
    baseURL: url,
    // Our types are plural already, and are not to be written in camel case.
    pluralize: false,
    camelCaseTypes: false,
    resourceCase: 'none',
    headers: { Authorization: basic(credentials) },
  });
  const roles = (id) => `users/${id}/relationships/roles`;

  return {
    api,
    async list({ size }) {
      const { data } = await api.get('users', { params: { page: { size } } });
      return data;
    },
    async pages({ sort, size }) {
      let page = await api.get('users', { params: { page: { number: 1, size }, sort } });
      const pages = [page];
      while (page.links.next) {
        page = await api.request({ url: page.links.next });
        pages.push(page);
      }
      return pages.map(({ data }) => data.map((user) => user.username));
    },
    async include(username) {
      const { data } = await api.get('users', { params: { include: 'roles', filter: { username } } });
      return data[0].roles.data.map((role) => role.name);
    },
    async query({ usernames, sort }) {
      const { data } = await api.get('users', { params: { sort, filter: { username: usernames.join() } } });
      return data.map((user) => user.id);
    },
    async create(attributes) {
      const { data } = await api.create('users', attributes);
      assert.ok(!('password' in data));
      return data;
    },
    async update(id, attributes) {
      const { data } = await api.update('users', { id, ...attributes });
      return data;
    },
    addRole: (id, role) => api.create(roles(id), [{ id: role }]),
    removeRole: (id, role) => api.delete(roles(id), [role]),
    replaceRoles: (id, list) => api.update(roles(id), list.map((role) => ({ id: role }))),
    async invalid(attributes) {
      const { errors } = await refusal(api.create('users', attributes));
      return Object.fromEntries(errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => api.delete('users', id),
    statusOf: (problem) => problem.errors[0].status,
  };
}

matrix({
  client: 'kitsu',
  version: npmVersion('kitsu'),
  connect,
  also(context) {
    it('replaces all roles by a PATCH of the user', async () => {
      const { client: { api }, witness } = context;
      const [before, after] = [await witness.role(), await witness.role()];
      const user = await witness.user({}, [before]);
      await api.update('users', { id: user.id, roles: { data: [{ type: 'roles', id: after.id }] } });
      assert.deepEqual(await witness.rolesOf(user), [after.id]);
      await api.update('users', { id: user.id, roles: { data: [] } });
      assert.deepEqual(await witness.rolesOf(user), []);
    });

    it('is told where an invalid attribute stands', async () => {
      const problem = await refusal(context.client.api.create('users', { username: 'no blanks please' }));
      assert.equal(problem.response.status, 400);
      const pointers = Object.fromEntries(problem.errors.map((error) => [error.meta.attribute, error.source.pointer]));
      // What is missing is reported at its parent.
      assert.deepEqual(pointers, { username: '/data/attributes/username', password: '/data/attributes' });
    });

    it('sees the links and the meta of what it asked for', async () => {
      const { client: { api }, server, witness } = context;
      const user = await witness.user();
      const answer = await api.get('users', { params: { filter: { id: user.id } } });
      assert.equal(answer.links.home, `${server.url}/home`);
      assert.equal(answer.meta.pagination.count, 1);
      assert.equal(answer.data[0].links.self, `${server.url}/users/${user.id}`);
    });
  },
});
