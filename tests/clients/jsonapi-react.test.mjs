// jsonapi-react: a client with a cache behind React hooks; it never rejects, it answers with `error` or `errors`.

import react from 'jsonapi-react';
import { basic } from './support/server.mjs';
import { matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

function connect({ url, credentials }) {
  const api = new react.ApiClient({
    url,
    headers: { Authorization: basic(credentials) },
    schema: {
      users: { type: 'users', relationships: { roles: { type: 'roles' } } },
      roles: { type: 'roles' },
    },
  });

  async function get(query) {
    const answer = await api.fetch(query, { force: true });
    if (answer.error) throw answer.error;
    return answer;
  }
  async function change(path, data, method) {
    const answer = await api.mutate(path, data, method && { method });
    if (answer?.error) throw answer.error;
    return answer;
  }
  const roles = (id) => ['users', id, 'relationships', 'roles'];
  const identifiers = (list) => list.map((id) => ({ id }));

  return {
    async list({ size }) {
      const { data } = await get(['users', { page: { size } }]);
      return data;
    },
    async pages({ sort, size }) {
      let page = await get(['users', { sort, page: { number: 1, size } }]);
      const pages = [page];
      while (page.links.next) {
        // It puts its own address before every path.
        page = await get(page.links.next.slice(url.length));
        pages.push(page);
      }
      return pages.map(({ data }) => data.map((user) => user.username));
    },
    async include(username) {
      const { data } = await get(['users', { include: 'roles', filter: { username } }]);
      return data[0].roles.map((role) => role.name);
    },
    async query({ usernames, sort }) {
      const { data } = await get(['users', { sort, filter: { username: usernames } }]);
      return data.map((user) => user.id);
    },
    async create(attributes) {
      const { data } = await change('users', attributes);
      return data;
    },
    async update(id, attributes) {
      const { data } = await change(['users', id], attributes);
      return data;
    },
    addRole: (id, role) => change(roles(id), identifiers([role])),
    removeRole: (id, role) => change(roles(id), identifiers([role]), 'DELETE'),
    replaceRoles: (id, list) => change(roles(id), identifiers(list), 'PATCH'),
    async invalid(attributes) {
      const { errors } = await change('users', attributes);
      return Object.fromEntries(errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => change(['users', id], undefined, 'DELETE'),
    statusOf: (problem) => problem.status,
  };
}

matrix({
  client: 'jsonapi-react',
  version: npmVersion('jsonapi-react'),
  // All errors of an answer reach the caller with this status only; otherwise it keeps the first.
  settings: { ROLECALL_INVALID_DATA_STATUS: '422' },
  remarks: ['Needs React 17 or older.'],
  connect,
});
