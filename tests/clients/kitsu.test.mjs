// kitsu: plain objects in and out; relationship URLs and bulk bodies are part of its path syntax.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Kitsu from 'kitsu';
import { refusal } from './support/refusal.mjs';
import { ADMIN, basic, startServer } from './support/server.mjs';

describe('kitsu', () => {
  let server;
  let api;
  let number = 0;

  before(async () => {
    server = await startServer();
    api = connect(ADMIN);
  });
  after(() => server?.stop());

  function connect(credentials) {
    return new Kitsu({
      baseURL: server.url,
      // Our types are plural already, and are not to be written in camel case.
      pluralize: false,
      camelCaseTypes: false,
      resourceCase: 'none',
      headers: { Authorization: basic(credentials) },
    });
  }

  async function createUser(attributes = {}) {
    number += 1;
    const { data } = await api.create('users', { username: `kitsu${number}`, password: 'j04nd0e', ...attributes });
    return data;
  }

  async function createRole() {
    number += 1;
    const { data } = await api.create('roles', { name: `kitsu role ${number}` });
    return data;
  }

  async function rolesOf(user) {
    const { data } = await api.get(`users/${user.id}/roles`, { params: { sort: 'name' } });
    return data.map((role) => role.name);
  }

  it('lists users', async () => {
    const user = await createUser({ name: 'Calvin' });
    const { data, meta, links, status } = await api.get('users', { params: { page: { size: 100 } } });
    assert.equal(status, 200);
    const listed = data.find((item) => item.id === user.id);
    assert.equal(listed.username, user.username);
    assert.equal(listed.name, 'Calvin');
    assert.equal(listed.links.self, `${server.url}/users/${user.id}`);
    assert.equal(meta.pagination.page_items, data.length);
    assert.equal(links.home, `${server.url}/home`);
  });

  it('is refused without credentials, with an error that it can read', async () => {
    const stranger = connect({ username: 'admin', password: 'a guess' });
    const problem = await refusal(stranger.get('users'));
    assert.equal(problem.response.status, 401);
    assert.match(problem.response.headers['www-authenticate'], /Basic/);
    assert.equal(problem.errors[0].status, '401');
  });

  it('follows the next page to the end', async () => {
    for (let missing = 5; missing > 0; missing -= 1) await createUser();
    let page = await api.get('users', { params: { page: { number: 1, size: 2 }, sort: 'username' } });
    const { count, page_count: pageCount } = page.meta.pagination;
    const names = page.data.map((user) => user.username);
    let pages = 1;
    while (page.links.next) {
      page = await api.request({ url: page.links.next });
      names.push(...page.data.map((user) => user.username));
      pages += 1;
    }
    assert.equal(pages, pageCount);
    assert.equal(names.length, count);
    assert.equal(new Set(names).size, count);
    assert.ok(page.links.prev);
  });

  it('includes roles and links them to their users', async () => {
    const role = await createRole();
    const user = await createUser({ roles: { data: [{ type: 'roles', id: role.id }] } });
    const { data } = await api.get('users', { params: { include: 'roles', filter: { username: user.username } } });
    assert.equal(data.length, 1);
    assert.deepEqual(data[0].roles.data.map((item) => item.name), [role.name]);
    assert.equal(data[0].roles.links.related, `${server.url}/users/${user.id}/roles`);
  });

  it('sorts and filters', async () => {
    const [first, second] = [await createUser({ surname: 'Aa' }), await createUser({ surname: 'Bb' })];
    await createUser({ surname: 'Cc' });
    const params = { sort: '-surname', filter: { username: `${first.username},${second.username}` } };
    const { data } = await api.get('users', { params });
    assert.deepEqual(data.map((user) => user.id), [second.id, first.id]);
  });

  it('creates a user and never sees the password again', async () => {
    const answer = await api.create('users', { username: 'johndoe', password: 'j04nd0e', uname: 'johndoe' });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.location, `${server.url}/users/${answer.data.id}`);
    assert.equal(answer.data.username, 'johndoe');
    assert.equal(answer.data.type, 'users');
    assert.ok(!('password' in answer.data));
    assert.ok(!JSON.stringify(answer.data).includes('j04nd0e'));
  });

  it('lets the new user sign in', async () => {
    const user = await createUser();
    const own = connect({ username: user.username, password: 'j04nd0e' });
    const { data } = await own.get(`users/${user.id}`);
    assert.equal(data.username, user.username);
  });

  it('updates a user, and nothing that was not sent', async () => {
    const user = await createUser({ name: 'Calvin' });
    const { data, status } = await api.update('users', { id: user.id, surname: 'Broadus' });
    assert.equal(status, 200);
    assert.equal(data.surname, 'Broadus');
    assert.equal(data.name, 'Calvin');
  });

  it('adds a role through the relationship URL', async () => {
    const [user, role] = [await createUser(), await createRole()];
    const { data, status } = await api.create(`users/${user.id}/relationships/roles`, [{ id: role.id }]);
    assert.equal(status, 200);
    assert.deepEqual(data, [{ type: 'roles', id: role.id }]);
    assert.deepEqual(await rolesOf(user), [role.name]);
    const members = await api.get(`roles/${role.id}/users`);
    assert.deepEqual(members.data.map((member) => member.id), [user.id]);
  });

  it('removes a role through the relationship URL', async () => {
    const [user, kept, removed] = [await createUser(), await createRole(), await createRole()];
    const path = `users/${user.id}/relationships/roles`;
    await api.create(path, [{ id: kept.id }, { id: removed.id }]);
    const { data, status } = await api.delete(path, [removed.id]);
    assert.equal(status, 200);
    assert.deepEqual(data, [{ type: 'roles', id: kept.id }]);
    assert.deepEqual(await rolesOf(user), [kept.name]);
  });

  it('replaces all roles by a PATCH of the relationship URL', async () => {
    const [user, before, after] = [await createUser(), await createRole(), await createRole()];
    const path = `users/${user.id}/relationships/roles`;
    await api.create(path, [{ id: before.id }]);
    const replaced = await api.update(path, [{ id: after.id }]);
    assert.deepEqual(replaced.data, [{ type: 'roles', id: after.id }]);
    const cleared = await api.update(path, []);
    assert.deepEqual(cleared.data, []);
  });

  it('replaces all roles by a PATCH of the user', async () => {
    const [user, before, after] = [await createUser(), await createRole(), await createRole()];
    await api.create(`users/${user.id}/relationships/roles`, [{ id: before.id }]);
    await api.update('users', { id: user.id, roles: { data: [{ type: 'roles', id: after.id }] } });
    assert.deepEqual(await rolesOf(user), [after.name]);
    await api.update('users', { id: user.id, roles: { data: [] } });
    assert.deepEqual(await rolesOf(user), []);
  });

  it('deletes a user, who is gone from the role as well', async () => {
    const role = await createRole();
    const user = await createUser({ roles: { data: [{ type: 'roles', id: role.id }] } });
    const { status } = await api.delete('users', user.id);
    assert.equal(status, 204);
    const problem = await refusal(api.get(`users/${user.id}`));
    assert.equal(problem.response.status, 404);
    const { data } = await api.get(`roles/${role.id}/users`);
    assert.deepEqual(data, []);
  });

  it('is told about each invalid attribute, and where it stands', async () => {
    const problem = await refusal(api.create('users', { username: 'no blanks please', name: 'Calvin' }));
    assert.equal(problem.response.status, 400);
    const pointers = Object.fromEntries(problem.errors.map((error) => [error.meta.attribute, error.source.pointer]));
    assert.deepEqual(pointers, {
      username: '/data/attributes/username',
      // What is missing is reported at its parent.
      password: '/data/attributes',
    });
    assert.ok(problem.errors.every((error) => error.status === '400' && error.title && error.detail));
  });

  it('is told that a username is taken', async () => {
    const user = await createUser();
    const problem = await refusal(api.create('users', { username: user.username, password: 'j04nd0e' }));
    assert.equal(problem.response.status, 400);
    assert.equal(problem.errors[0].source.pointer, '/data/attributes/username');
  });
});
