// devour-client: models are defined first; requests are built by chaining; errors come keyed by their pointer's end.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import JsonApi from 'devour-client';
import { refusal } from './support/refusal.mjs';
import { ADMIN, startServer } from './support/server.mjs';

describe('devour-client', () => {
  let server;
  let api;
  let number = 0;

  before(async () => {
    server = await startServer();
    api = connect(ADMIN);
  });
  after(() => server?.stop());

  function connect(credentials) {
    const client = new JsonApi({
      apiUrl: server.url,
      logger: false,
      errorBuilder: (error) => error,
      auth: credentials,
    });
    client.define('user', {
      username: '',
      password: '',
      name: '',
      surname: '',
      roles: { jsonApi: 'hasMany', type: 'roles' },
    });
    client.define('role', { name: '' });
    // Relationship URLs look the model up by the relationship's type, which is the plural.
    client.define('roles', { name: '' });
    return client;
  }

  async function createUser(attributes = {}) {
    number += 1;
    const { data } = await api.create('user', { username: `devour${number}`, password: 'j04nd0e', ...attributes });
    return data;
  }

  async function createRole() {
    number += 1;
    const { data } = await api.create('role', { name: `devour role ${number}` });
    return data;
  }

  async function rolesOf(user) {
    const { data } = await api.one('user', user.id).all('role').get({ sort: 'name' });
    return data.map((role) => role.name);
  }

  function linkage(user) {
    return api.one('user', user.id).relationships('roles');
  }

  it('lists users', async () => {
    const user = await createUser({ name: 'Calvin' });
    const { data, meta, links } = await api.findAll('user', { page: { size: 100 } });
    const listed = data.find((item) => item.id === user.id);
    assert.equal(listed.username, user.username);
    assert.equal(listed.name, 'Calvin');
    assert.equal(listed.links.self, `${server.url}/users/${user.id}`);
    assert.equal(meta.pagination.page_items, data.length);
    assert.equal(links.home, `${server.url}/home`);
  });

  it('is refused with a wrong password, with an error that it can read', async () => {
    const stranger = connect({ username: 'admin', password: 'a guess' });
    const problem = await refusal(stranger.findAll('user'));
    assert.equal(problem[0].status, '401');
  });

  it('follows the next page to the end', async () => {
    for (let missing = 5; missing > 0; missing -= 1) await createUser();
    // It leaves the brackets of page[number] as they are; the links that come back have them encoded.
    let page = await api.findAll('user', { page: { number: 1, size: 2 }, sort: 'username' });
    const { count, page_count: pageCount } = page.meta.pagination;
    const names = page.data.map((user) => user.username);
    let pages = 1;
    while (page.links.next) {
      page = await api.request(page.links.next);
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
    const user = await createUser({ roles: [{ id: role.id }] });
    const { data } = await api.findAll('user', { include: 'roles', filter: { username: user.username } });
    assert.equal(data.length, 1);
    assert.deepEqual(data[0].roles.map((item) => item.name), [role.name]);
  });

  it('sorts and filters', async () => {
    const [first, second] = [await createUser({ surname: 'Aa' }), await createUser({ surname: 'Bb' })];
    await createUser({ surname: 'Cc' });
    const { data } = await api.findAll('user', {
      sort: '-surname',
      filter: { username: `${first.username},${second.username}` },
    });
    assert.deepEqual(data.map((user) => user.id), [second.id, first.id]);
  });

  it('creates a user and never sees the password again', async () => {
    const { data, document } = await api.create('user', { username: 'johndoe', password: 'j04nd0e' });
    assert.equal(data.username, 'johndoe');
    assert.equal(data.password, undefined);
    assert.ok(!('password' in document.data.attributes));
    assert.equal(document.data.links.self, `${server.url}/users/${data.id}`);
  });

  it('updates a user, and nothing that was not sent', async () => {
    const user = await createUser({ name: 'Calvin' });
    const { data } = await api.update('user', { id: user.id, surname: 'Broadus' });
    assert.equal(data.surname, 'Broadus');
    assert.equal(data.name, 'Calvin');
  });

  it('adds a role through the relationship URL', async () => {
    const [user, role] = [await createUser(), await createRole()];
    const { document } = await linkage(user).post([{ id: role.id }]);
    assert.deepEqual(document.data, [{ type: 'roles', id: role.id }]);
    assert.deepEqual(await rolesOf(user), [role.name]);
    const { data } = await linkage(user).get();
    assert.deepEqual(data.map((item) => item.id), [role.id]);
  });

  it('removes a role through the relationship URL', async () => {
    const [user, kept, removed] = [await createUser(), await createRole(), await createRole()];
    await linkage(user).post([{ id: kept.id }, { id: removed.id }]);
    // The body of a DELETE is sent as it is handed over, so the identifier must be whole.
    const { document } = await linkage(user).destroy([{ type: 'roles', id: removed.id }]);
    assert.deepEqual(document.data, [{ type: 'roles', id: kept.id }]);
    assert.deepEqual(await rolesOf(user), [kept.name]);
  });

  it('replaces all roles by a PATCH of the user', async () => {
    const [before, after] = [await createRole(), await createRole()];
    const user = await createUser({ roles: [{ id: before.id }] });
    await api.update('user', { id: user.id, roles: [{ id: after.id }] });
    assert.deepEqual(await rolesOf(user), [after.name]);
    await api.update('user', { id: user.id, roles: [] });
    assert.deepEqual(await rolesOf(user), []);
  });

  it('deletes a user', async () => {
    const user = await createUser();
    await api.destroy('user', user.id);
    const problem = await refusal(api.find('user', user.id));
    assert.equal(problem[0].status, '404');
  });

  it('is told about each invalid attribute, keyed by where it stands', async () => {
    const problem = await refusal(api.create('user', { username: 'no blanks please', name: 'Calvin' }));
    assert.deepEqual(Object.keys(problem).sort(), ['attributes', 'username']);
    assert.equal(problem.username.source.pointer, '/data/attributes/username');
    assert.equal(problem.username.status, '400');
    // What is missing is reported at its parent.
    assert.equal(problem.attributes.source.pointer, '/data/attributes');
    assert.equal(problem.attributes.meta.attribute, 'password');
  });
});
