// The surface of OpenL2M through httpx from PyPI; examples.test.mjs has it through requests.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PYTHON } from './support/python.mjs';
import { ADMIN, startServer } from './support/server.mjs';

const HTTPX = fileURLToPath(new URL('python/openl2m_httpx.py', import.meta.url));

describe('the administration of users as OpenL2M has it', () => {
  let server;

  before(async () => { server = await startServer(); });
  after(() => server?.stop());

  it('takes each form of a body as httpx makes it', async () => {
    const env = {
      PATH: process.env.PATH,
      PYTHONDONTWRITEBYTECODE: '1',
      SERVICE_URL: server.url,
      SERVICE_USERNAME: ADMIN.username,
      SERVICE_PASSWORD: ADMIN.password,
    };
    const { stdout } = await promisify(execFile)(PYTHON, [HTTPX], { env });
    assert.match(stdout, /All answers were as expected/);
  });
});
