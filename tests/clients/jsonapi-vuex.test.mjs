// jsonapi-vuex: a module for a Vuex store; records come back flattened, with what belongs to JSON:API under `_jv`.

import './support/bundler.mjs';
import axios from 'axios';
import { createStore } from 'vuex';
import { matrix } from './support/steps.mjs';
import { refusal } from './support/refusal.mjs';
import { npmVersion } from './support/version.mjs';

// Imported late, so that the hooks of support/bundler.mjs are in force.
const { jsonapiModule } = await import('jsonapi-vuex');

function connect({ url, credentials }) {
  const http = axios.create({
    baseURL: url,
    auth: credentials,
    headers: { 'Content-Type': 'application/vnd.api+json', Accept: 'application/vnd.api+json' },
  });
  const store = createStore({ modules: { jv: jsonapiModule(http, { preserveJson: true }) } });
  const dispatch = (action, ...args) => store.dispatch(`jv/${action}`, args.length === 1 ? args[0] : args);
  const user = (id, more) => ({ ...more, _jv: { type: 'users', ...(id && { id }) } });
  const withRoles = (id, roles) => ({
    _jv: {
      type: 'users', id,
      relationships: { roles: { data: roles.map((role) => ({ type: 'roles', id: role })) } },
    },
  });
  // A collection comes back as an object by id, which JavaScript keeps in the order of the numbers.
  const inOrder = (users) => users._jv.json.data.map(({ id }) => users[id]);

  return {
    async list({ size }) {
      const users = await dispatch('get', 'users', { params: { 'page[size]': size } });
      return inOrder(users).map(({ _jv, ...attributes }) => ({ id: _jv.id, ...attributes }));
    },
    async pages({ sort, size }) {
      let page = await dispatch('get', 'users', { params: { sort, 'page[size]': size } });
      const pages = [page];
      while (page._jv.json.links.next) {
        page = await dispatch('get', page._jv.json.links.next);
        pages.push(page);
      }
      return pages.map((users) => inOrder(users).map(({ username }) => username));
    },
    async include(username) {
      const users = await dispatch('get', 'users', { params: { include: 'roles', 'filter[username]': username } });
      return Object.values(inOrder(users)[0].roles).map((role) => role.name);
    },
    async query({ usernames, sort }) {
      const users = await dispatch('get', 'users', { params: { sort, 'filter[username]': usernames.join() } });
      return inOrder(users).map(({ _jv }) => _jv.id);
    },
    async create(attributes) {
      const { _jv, ...created } = await dispatch('post', user(null, attributes));
      return { id: _jv.id, ...created };
    },
    update: (id, attributes) => dispatch('patch', user(id, attributes)),
    addRole: (id, role) => dispatch('postRelated', withRoles(id, [role])),
    removeRole: (id, role) => dispatch('deleteRelated', withRoles(id, [role])),
    replaceRoles: (id, roles) => dispatch('patchRelated', withRoles(id, roles)),
    async invalid(attributes) {
      const { response } = await refusal(dispatch('post', user(null, attributes)));
      return Object.fromEntries(response.data.errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => dispatch('delete', user(id)),
    statusOf: (problem) => problem.response.status,
  };
}

matrix({
  client: 'jsonapi-vuex',
  version: npmVersion('jsonapi-vuex'),
  remarks: [
    'Written for a bundler: Node alone does not load its files.',
    'Collections are objects by id, so the order of a sorted list is only in the document that `preserveJson` keeps.',
  ],
  connect,
});
