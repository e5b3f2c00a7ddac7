// devour-client: models are defined first; requests are built by chaining; errors come keyed by their pointer's end.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import JsonApi from 'devour-client';
import { refusal } from './support/refusal.mjs';
import { matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

function connect({ url, credentials }) {
  const api = new JsonApi({ apiUrl: url, logger: false, errorBuilder: (error) => error, auth: credentials });
  api.define('user', {
    username: '',
    password: '',
    name: '',
    surname: '',
    roles: { jsonApi: 'hasMany', type: 'roles' },
  });
  api.define('role', { name: '' });
  // Relationship URLs look the model up by the relationship's type, which is the plural.
  api.define('roles', { name: '' });
  const linkage = (id) => api.one('user', id).relationships('roles');

  return {
    api,
    async list({ size }) {
      const { data } = await api.findAll('user', { page: { size } });
      return data;
    },
    async pages({ sort, size }) {
      // It leaves the brackets of page[number] as they are; the links that come back have them encoded.
      let page = await api.findAll('user', { page: { number: 1, size }, sort });
      const pages = [page];
      while (page.links.next) {
        page = await api.request(page.links.next);
        pages.push(page);
      }
      return pages.map(({ data }) => data.map((user) => user.username));
    },
    async include(username) {
      const { data } = await api.findAll('user', { include: 'roles', filter: { username } });
      return data[0].roles.map((role) => role.name);
    },
    async query({ usernames, sort }) {
      const { data } = await api.findAll('user', { sort, filter: { username: usernames.join() } });
      return data.map((user) => user.id);
    },
    async create(attributes) {
      const { data, document } = await api.create('user', attributes);
      assert.ok(!('password' in document.data.attributes));
      return data;
    },
    async update(id, attributes) {
      const { data } = await api.update('user', { id, ...attributes });
      return data;
    },
    addRole: (id, role) => linkage(id).post([{ id: role }]),
    // The body of a DELETE is sent as it is handed over, so the identifier must be whole.
    removeRole: (id, role) => linkage(id).destroy([{ type: 'roles', id: role }]),
    replaceRoles: (id, roles) => linkage(id).patch(roles.map((role) => ({ id: role }))),
    async invalid(attributes) {
      const problem = await refusal(api.create('user', attributes));
      // What is missing is reported at its parent.
      return Object.fromEntries(Object.values(problem).map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => api.destroy('user', id),
    statusOf: (problem) => problem[0].status,
  };
}

matrix({
  client: 'devour-client',
  version: npmVersion('devour-client'),
  remarks: ['Errors are keyed by the end of their pointer: a second one at the same place hides the first.'],
  connect,
  also(context) {
    it('replaces all roles by a PATCH of the user', async () => {
      const { client: { api }, witness } = context;
      const [before, after] = [await witness.role(), await witness.role()];
      const user = await witness.user({}, [before]);
      await api.update('user', { id: user.id, roles: [{ id: after.id }] });
      assert.deepEqual(await witness.rolesOf(user), [after.id]);
      await api.update('user', { id: user.id, roles: [] });
      assert.deepEqual(await witness.rolesOf(user), []);
    });

    it('keys an error by where it stands', async () => {
      const problem = await refusal(context.client.api.create('user', { username: 'no blanks please' }));
      assert.deepEqual(Object.keys(problem).sort(), ['attributes', 'username']);
      assert.equal(problem.username.source.pointer, '/data/attributes/username');
      assert.equal(problem.username.status, '400');
    });
  },
});
