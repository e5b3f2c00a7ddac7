// @reststate/client: resource objects in and out, through axios.

import './support/bundler.mjs';
import axios from 'axios';
import { refusal } from './support/refusal.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const { ResourceClient } = await import('@reststate/client');

function connect({ url, credentials }) {
  const httpClient = axios.create({
    baseURL: url,
    auth: credentials,
    headers: { 'Content-Type': 'application/vnd.api+json' },
  });
  const users = new ResourceClient({ name: 'users', httpClient });
  const plain = ({ id, attributes }) => ({ id, ...attributes });
  const identifiers = (ids) => ids.map((id) => ({ type: 'roles', id }));
  const change = (method) => (id, role) => (
    httpClient.request({ method, url: `users/${id}/relationships/roles`, data: { data: identifiers([role]) } })
  );
  const beside = 'sends the identifiers with its client for HTTP';

  return {
    async list({ size }) {
      const { data } = await users.all({ options: { 'page[size]': size } });
      return data.map(plain);
    },
    async pages({ sort, size }) {
      let page = await users.all({ options: { sort, 'page[size]': size } });
      const pages = [page];
      while (page.links.next) {
        page = await users.all({ options: { url: page.links.next } });
        pages.push(page);
      }
      return pages.map(({ data }) => data.map(({ attributes }) => attributes.username));
    },
    async include(username) {
      const { included } = await users.where({ filter: { username }, options: { include: 'roles' } });
      return included.map(({ attributes }) => attributes.name);
    },
    async query({ usernames, sort }) {
      const { data } = await users.where({ filter: { username: usernames.join() }, options: { sort } });
      return data.map(({ id }) => id);
    },
    async create(attributes) {
      return plain((await users.create({ attributes })).data);
    },
    async update(id, attributes) {
      return plain((await users.update({ type: 'users', id, attributes })).data);
    },
    addRole: byHand(beside, change('POST')),
    removeRole: byHand(beside, change('DELETE')),
    replaceRoles: (id, roles) => (
      users.update({ type: 'users', id, relationships: { roles: { data: identifiers(roles) } } })
    ),
    async invalid(attributes) {
      const { data } = await refusal(users.create({ attributes }));
      return Object.fromEntries(data.errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => users.delete({ id }),
    statusOf: (problem) => problem.status,
  };
}

matrix({
  client: '@reststate/client',
  version: npmVersion('@reststate/client'),
  remarks: ['Its README misspells the media type, which is `application/vnd.api+json`.'],
  connect,
});
