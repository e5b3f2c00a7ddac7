// Prepares what a step needs and looks at what it left, with nothing but fetch: no client judges itself.

import assert from 'node:assert/strict';
import { ADMIN, basic } from './server.mjs';

const MEDIA_TYPE = 'application/vnd.api+json';

export class Witness {
  #url;
  #number = 0;

  constructor(url) {
    this.#url = url;
  }

  name(word) {
    this.#number += 1;
    return `${word}${String(this.#number).padStart(3, '0')}`;
  }

  async user(attributes = {}, roles = []) {
    const username = this.name('user');
    const data = { type: 'users', attributes: { username, password: 'j04nd0e', ...attributes } };
    if (roles.length > 0) {
      data.relationships = { roles: { data: roles.map(({ id }) => ({ type: 'roles', id })) } };
    }
    const created = await this.#must('POST', '/users', { data });
    return { id: created.data.id, username };
  }

  async users(count) {
    for (let missing = count; missing > 0; missing -= 1) await this.user();
  }

  async role() {
    const name = this.name('role ');
    const created = await this.#must('POST', '/roles', { data: { type: 'roles', attributes: { name } } });
    return { id: created.data.id, name };
  }

  /** A user's attributes, as anybody may be allowed to see them. */
  async find(id, credentials = ADMIN) {
    const { data } = await this.#must('GET', `/users/${id}`, undefined, credentials);
    assert.ok(!('password' in data.attributes));
    return data.attributes;
  }

  async everybody(size) {
    const answer = await this.#must('GET', '/users?sort=username&page[size]=100');
    const names = answer.data.map((user) => user.attributes.username);
    return { names, pageCount: Math.ceil(names.length / size) };
  }

  async rolesOf({ id }) {
    return this.#ids(`/users/${id}/roles?sort=id&page[size]=100`);
  }

  async membersOf({ id }) {
    return this.#ids(`/roles/${id}/users?sort=id&page[size]=100`);
  }

  async count(query) {
    const { data } = await this.#must('GET', `/users?${new URLSearchParams(query)}`);
    return data.length;
  }

  async statusOf(path) {
    const { status } = await this.#send('GET', path);
    return status;
  }

  async #ids(path) {
    const { data } = await this.#must('GET', path);
    return data.map(({ id }) => id);
  }

  async #must(method, path, body, credentials) {
    const { status, document } = await this.#send(method, path, body, credentials);
    assert.ok(status < 400, `${method} ${path}: ${status} ${JSON.stringify(document)}`);
    return document;
  }

  async #send(method, path, body, credentials = ADMIN) {
    const answer = await fetch(this.#url + path, {
      method,
      headers: { Authorization: basic(credentials), Accept: MEDIA_TYPE, ...(body && { 'Content-Type': MEDIA_TYPE }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, document: text && JSON.parse(text) };
  }
}
