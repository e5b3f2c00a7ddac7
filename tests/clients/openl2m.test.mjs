// The surface of OpenL2M through two HTTP libraries from PyPI: requests in our own example, httpx in a script of its own.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runPython } from './support/python.mjs';
import { ADMIN, startServer } from './support/server.mjs';

const EXAMPLE = fileURLToPath(new URL('../../examples/openl2m.py', import.meta.url));
const HTTPX = fileURLToPath(new URL('python/openl2m_httpx.py', import.meta.url));

describe('the administration of users as OpenL2M has it', () => {
  let server;

  before(async () => { server = await startServer(); });
  after(() => server?.stop());

  it('is what the example with requests shows', async () => {
    const output = await runPython(EXAMPLE, {
      ROLECALL_URL: server.url,
      ROLECALL_USER: ADMIN.username,
      ROLECALL_PASSWORD: ADMIN.password,
    });
    assert.match(output, /All answers were as expected/);
  });

  it('takes each form of a body as httpx makes it', async () => {
    const output = await runPython(HTTPX, {
      SERVICE_URL: server.url,
      SERVICE_USERNAME: ADMIN.username,
      SERVICE_PASSWORD: ADMIN.password,
    });
    assert.match(output, /All answers were as expected/);
  });
});
