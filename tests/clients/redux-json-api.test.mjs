// redux-json-api: actions that send requests and keep the answers in a store of Redux.

import reduxJsonApi from 'redux-json-api';
import redux from 'redux';
import { basic } from './support/server.mjs';
import { refusal } from './support/refusal.mjs';
import { matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const {
  addRelationship, createResource, deleteRelationship, deleteResource, readEndpoint, reducer, replaceRelationship,
  setAxiosConfig, updateResource,
} = reduxJsonApi;

/** What redux-thunk does: an action may be a function. */
const thunk = ({ dispatch, getState }) => (next) => (action) => (
  typeof action === 'function' ? action(dispatch, getState) : next(action)
);

function connect({ url, credentials }) {
  const { applyMiddleware, combineReducers, createStore } = redux;
  const store = createStore(combineReducers({ api: reducer }), applyMiddleware(thunk));
  store.dispatch(setAxiosConfig({ baseURL: url, headers: { Authorization: basic(credentials) } }));
  const read = async (query) => (await store.dispatch(readEndpoint(`users?${new URLSearchParams(query)}`)));
  const plain = ({ id, attributes }) => ({ id, ...attributes });
  const user = (id) => ({ type: 'users', id });
  const roles = (ids) => ids.map((id) => ({ type: 'roles', id }));

  return {
    async list({ size }) {
      const { body } = await read({ 'page[size]': size });
      return body.data.map(plain);
    },
    async pages({ sort, size }) {
      let page = await read({ sort, 'page[size]': size });
      const pages = [page];
      while (page.nextUrl) {
        page = await page.loadNext();
        pages.push(page);
      }
      return pages.map(({ body }) => body.data.map(({ attributes }) => attributes.username));
    },
    async include(username) {
      const { body } = await read({ include: 'roles', 'filter[username]': username });
      const held = body.data[0].relationships.roles.data.map(({ id }) => id);
      const { data } = store.getState().api.roles;
      return data.filter(({ id }) => held.includes(id)).map(({ attributes }) => attributes.name);
    },
    async query({ usernames, sort }) {
      const { body } = await read({ sort, 'filter[username]': usernames.join() });
      return body.data.map(({ id }) => id);
    },
    async create(attributes) {
      return plain((await store.dispatch(createResource({ type: 'users', attributes }))).data);
    },
    async update(id, attributes) {
      await store.dispatch(readEndpoint(`users/${id}`));
      return plain((await store.dispatch(updateResource({ ...user(id), attributes }))).data);
    },
    addRole: (id, role) => store.dispatch(addRelationship(user(id), 'roles', roles([role]))),
    removeRole: (id, role) => store.dispatch(deleteRelationship(user(id), 'roles', roles([role]))),
    replaceRoles: (id, list) => store.dispatch(replaceRelationship(user(id), 'roles', roles(list))),
    async invalid(attributes) {
      const { response } = await refusal(store.dispatch(createResource({ type: 'users', attributes })));
      return Object.fromEntries(response.data.errors.map((error) => [error.meta.attribute, error.detail]));
    },
    async remove(id) {
      await store.dispatch(readEndpoint(`users/${id}`));
      await store.dispatch(deleteResource(user(id)));
    },
    statusOf: (problem) => problem.response.status,
  };
}

matrix({
  client: 'redux-json-api',
  version: npmVersion('redux-json-api'),
  connect,
});
