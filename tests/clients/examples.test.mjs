// The repository's own examples, run as a reader would run them.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PYTHON } from './support/python.mjs';
import { ADMIN, PROGRAM, startServer } from './support/server.mjs';

const run = promisify(execFile);
const example = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const CLIENT = join(dirname(PROGRAM), 'examples', 'client');

describe('the examples', () => {
  let server;

  before(async () => { server = await startServer(); });
  after(() => server?.stop());

  // Each checks its answers itself and ends with 1 when one is another.
  for (const [what, program, name] of [
    ['walks through the service with curl', 'bash', 'walkthrough.sh'],
    ['calls as the web client of the Partner Reporting Portal does', PYTHON, 'prp.py'],
    ['administers users as clients of OpenL2M do', PYTHON, 'openl2m.py'],
  ]) {
    it(what, async () => {
      const env = {
        PATH: process.env.PATH,
        ROLECALL_URL: server.url,
        ROLECALL_USER: ADMIN.username,
        ROLECALL_PASSWORD: ADMIN.password,
      };
      // One leaves nothing in the way of another, nor of itself.
      for (let time = 0; time < 2; time += 1) {
        const { stdout } = await run(program, [example(name)], { env });
        assert.match(stdout, /All answers were as expected/);
      }
    });
  }

  it('finds nothing left behind', async () => {
    const pair = Buffer.from(`${ADMIN.username}:${ADMIN.password}`).toString('base64');
    for (const [kind, count] of [['users', 1], ['trash/users', 0], ['partners', 0], ['clusters', 0], ['workspaces', 0], ['tokens', 0]]) {
      const answer = await fetch(`${server.url}/${kind}`, { headers: { Authorization: `Basic ${pair}` } });
      const document = await answer.json();
      assert.equal(document.meta.pagination.count, count, kind);
    }
  });

  const missing = !existsSync(CLIENT) && 'build it first: cargo build --example client';
  it('creates, grants and pages with the client in Rust', { skip: missing }, async () => {
    for (let time = 0; time < 2; time += 1) {
      const { stdout } = await run(CLIENT, [server.url, ADMIN.username, ADMIN.password]);
      assert.match(stdout, /^created calvin-\d+ as \/users\/\d+$/m);
      assert.match(stdout, /^ {2}calvin-\d+ +tigers \d+$/m);
      assert.match(stdout, /^deleted calvin-\d+$/m);
    }
  });
});
