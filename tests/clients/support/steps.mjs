// What every client does against the real service. A client's file hands over how it does each step, and what came
// back in its own form; the steps judge that, look at the service themselves, and write down what happened.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { refusal } from './refusal.mjs';
import { ADMIN, DATABASE, startServer } from './server.mjs';
import { Witness } from './witness.mjs';

export const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));
const PASSWORD = 'j04nd0e';
const STEP_MS = 20_000;

/**
 * The steps in their order; each is handed the client, the witness, and a function that connects again.
 *
 * | method of the client | answers |
 * |---|---|
 * | `list({ size })` | the users of the first page: `[{ id, username, name }]` |
 * | `pages({ sort, size })` | the names on each page up to the last: `[[username]]` |
 * | `include(username)` | that user's roles, read from one answer: `[name]` |
 * | `query({ usernames, sort })` | the ids of the users so named, sorted: `[id]` |
 * | `create(attributes)`, `update(id, attributes)` | the user as the client shows it |
 * | `addRole(id, role)`, `removeRole(id, role)`, `replaceRoles(id, roles)`, `remove(id)` | nothing |
 * | `invalid(attributes)` | what the caller is told, by attribute: `{ username: text }` |
 * | `statusOf(problem)` | the status of what `list` was refused with |
 */
export const STEPS = [
  {
    name: 'list', method: 'list', title: 'lists users',
    async run(client, witness) {
      const user = await witness.user({ name: 'Calvin' });
      const users = await client.list({ size: 100 });
      const listed = users.find((item) => String(item.id) === user.id);
      assert.ok(listed, 'the new user is not on the page');
      assert.equal(listed.username, user.username);
      assert.equal(listed.name, 'Calvin');
    },
  },
  {
    name: 'next page', method: 'pages', title: 'follows the next page to the end',
    async run(client, witness) {
      await witness.users(5);
      const { names, pageCount } = await witness.everybody(2);
      const pages = await client.pages({ sort: 'username', size: 2 });
      assert.equal(pages.length, pageCount);
      assert.deepEqual(pages.flat(), names);
    },
  },
  {
    name: 'include', method: 'include', title: 'reads users and their roles in one answer',
    async run(client, witness) {
      const roles = [await witness.role(), await witness.role()];
      const user = await witness.user({}, roles);
      const names = await client.include(user.username);
      assert.deepEqual([...names].sort(), roles.map((role) => role.name).sort());
    },
  },
  {
    name: 'filter and sort', method: 'query', title: 'filters and sorts',
    async run(client, witness) {
      const first = await witness.user({ surname: 'Aa' });
      const second = await witness.user({ surname: 'Bb' });
      await witness.user({ surname: 'Cc' });
      const ids = await client.query({ usernames: [first.username, second.username], sort: '-surname' });
      assert.deepEqual(ids.map(String), [second.id, first.id]);
    },
  },
  {
    name: 'create', method: 'create', title: 'creates a user, who can sign in',
    async run(client, witness) {
      const username = witness.name('created');
      const user = await client.create({ username, password: PASSWORD, name: 'John' });
      assert.equal(user.username, username);
      assert.equal(user.name, 'John');
      assert.ok(user.id, 'the client does not know the new id');
      const stored = await witness.find(user.id, { username, password: PASSWORD });
      assert.equal(stored.username, username);
      assert.equal(stored.name, 'John');
    },
  },
  {
    name: 'update', method: 'update', title: 'updates a user, and nothing that was not sent',
    async run(client, witness) {
      const user = await witness.user({ name: 'Calvin' });
      const shown = await client.update(user.id, { surname: 'Broadus' });
      assert.equal(shown.surname, 'Broadus');
      assert.equal(shown.name, 'Calvin');
      const stored = await witness.find(user.id);
      assert.equal(stored.surname, 'Broadus');
      assert.equal(stored.name, 'Calvin');
    },
  },
  {
    name: 'add role', method: 'addRole', title: 'adds a role',
    async run(client, witness) {
      const [held, added] = [await witness.role(), await witness.role()];
      const user = await witness.user({}, [held]);
      await client.addRole(user.id, added.id);
      assert.deepEqual(await witness.rolesOf(user), [held.id, added.id]);
    },
  },
  {
    name: 'remove role', method: 'removeRole', title: 'removes a role',
    async run(client, witness) {
      const [kept, removed] = [await witness.role(), await witness.role()];
      const user = await witness.user({}, [kept, removed]);
      await client.removeRole(user.id, removed.id);
      assert.deepEqual(await witness.rolesOf(user), [kept.id]);
    },
  },
  {
    name: 'replace roles', method: 'replaceRoles', title: 'replaces all roles',
    async run(client, witness) {
      const [old, kept, added] = [await witness.role(), await witness.role(), await witness.role()];
      const user = await witness.user({}, [old, kept]);
      await client.replaceRoles(user.id, [kept.id, added.id]);
      assert.deepEqual(await witness.rolesOf(user), [kept.id, added.id]);
    },
  },
  {
    name: 'invalid create', method: 'invalid', title: 'is told about each invalid attribute',
    async run(client, witness) {
      const told = await client.invalid({ username: 'no blanks please', name: 'Calvin' });
      assert.deepEqual(Object.keys(told).sort(), ['password', 'username']);
      for (const text of Object.values(told)) assert.match(text, /\w{3}/);
      assert.equal(await witness.count({ 'filter[username]': 'no blanks please' }), 0);
    },
  },
  {
    name: 'delete', method: 'remove', title: 'deletes a user, who is gone from the role as well',
    async run(client, witness) {
      const role = await witness.role();
      const user = await witness.user({}, [role]);
      await client.remove(user.id);
      assert.equal(await witness.statusOf(`/users/${user.id}`), 404);
      assert.deepEqual(await witness.membersOf(role), []);
    },
  },
  {
    name: 'refused', method: 'statusOf', title: 'is refused with a wrong password, by an error that it can read',
    async run(client, witness, connect) {
      const stranger = await connect({ username: ADMIN.username, password: 'a guess' });
      try {
        const problem = await refusal(stranger.list({ size: 1 }));
        assert.equal(Number(await stranger.statusOf(problem)), 401);
      } finally {
        await stranger.close?.();
      }
    },
  },
];

/** A step for which the client has no method: done with the lowest means that it has. */
export function byHand(note, method) {
  return Object.assign(method, { note });
}

/** A step that the client, not the service, cannot do. `attempt` must fail as well; when it passes, the reason is out of date. */
export function unsupported(reason, attempt) {
  return Object.assign(attempt ?? (() => assert.fail(reason)), { unsupported: reason });
}

/**
 * Runs all steps.
 *
 * - `client`, `version`, `registry`: what the matrix calls it.
 * - `settings`: what the service is started with for this client's sake; `remarks`: what its users should know.
 * - `origins`: of pages that the client runs in.
 * - `connect({ url, credentials })`: the client, with the methods above.
 * - `also(context)`: further tests; the context has `server`, `client` and `witness` as soon as tests run.
 */
export function matrix({ client: name, version, registry = 'npm', settings = {}, origins = [], remarks = [], connect, also }) {
  const result = { client: name, version, registry, database: DATABASE, settings, remarks, steps: {} };

  describe(name, () => {
    const context = {};
    const connectAs = (credentials) => connect({ url: context.server.url, credentials });

    before(async () => {
      const pages = origins.length > 0 && { ROLECALL_CORS_ORIGINS: origins.join() };
      context.server = await startServer({ ...settings, ...pages });
      context.witness = new Witness(context.server.url);
      context.client = await connectAs(ADMIN);
    });
    after(async () => {
      await context.client?.close?.();
      await context.server?.stop();
      write(result);
    });

    for (const step of STEPS) {
      it(step.title, { timeout: STEP_MS }, async (test) => {
        const method = context.client[step.method];
        assert.equal(typeof method, 'function', `the client has no ${step.method}`);
        const attempt = async () => step.run(context.client, context.witness, connectAs);
        if (method.unsupported) {
          await assert.rejects(attempt, undefined, `works now, contrary to: ${method.unsupported}`);
          result.steps[step.name] = { outcome: 'unsupported', note: method.unsupported };
          test.skip(method.unsupported);
          return;
        }
        result.steps[step.name] = { outcome: 'failed' };
        await attempt();
        result.steps[step.name] = { outcome: 'passed', ...(method.note && { note: method.note }) };
      });
    }

    also?.(context);
  });
}

function write(result) {
  mkdirSync(RESULTS, { recursive: true });
  const file = `${result.client.replace(/\W+/g, '-').replace(/^-/, '')}.${result.database}.json`;
  writeFileSync(RESULTS + file, JSON.stringify(result, null, 2) + '\n');
}
