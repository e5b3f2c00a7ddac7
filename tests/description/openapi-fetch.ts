// openapi-fetch with the types of openapi-typescript.

import createClient from 'openapi-fetch';
import type { components, paths } from './generated/openapi.js';
import { run, token, url, type User } from './steps.js';

const api = createClient<paths>({
  baseUrl: url,
  headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/vnd.api+json' },
});

function plain(user: components['schemas']['users']): User {
  return { id: user.id, username: user.attributes.username, surname: user.attributes.surname };
}

function given<T>({ data, error }: { data?: T; error?: unknown }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

await run('openapi-fetch', {
  async list(usernames, sort, number, size) {
    // Lists are sent as it does by itself: sort=-surname&sort=username.
    const query = { 'filter[username]': usernames, sort, 'page[number]': number, 'page[size]': size };
    const { data, meta } = given(await api.GET('/users', { params: { query } }));
    return { users: data.map(plain), count: meta.pagination?.count };
  },
  async create(attributes) {
    const body = { data: { type: 'users' as const, attributes } };
    return plain(given(await api.POST('/users', { body })).data);
  },
  async update(id, surname) {
    const body = { data: { type: 'users' as const, id, attributes: { surname } } };
    return plain(given(await api.PATCH('/users/{id}', { params: { path: { id } }, body })).data);
  },
  async remove(id) {
    const { error } = await api.DELETE('/users/{id}', { params: { path: { id } } });
    if (error) throw new Error(JSON.stringify(error));
  },
  async missing(id) {
    const { error, response } = await api.GET('/users/{id}', { params: { path: { id } } });
    return { status: response.status, detail: error?.errors[0].detail };
  },
});
