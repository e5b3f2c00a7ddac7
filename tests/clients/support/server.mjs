// Starts the real program on a database of its own, and stops it again.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export const ADMIN = { username: 'admin', password: 'correct horse battery staple' };

export const PROGRAM = process.env.ROLECALL_BIN
  ?? fileURLToPath(new URL('../../../target/debug/rolecall', import.meta.url));
export const DATABASE = process.env.ROLECALL_TEST_DATABASE === 'postgres' ? 'postgres' : 'sqlite';
const START_SECONDS = 30;
const STOP_SECONDS = 10;

/** The value of an Authorization header. */
export function basic({ username, password }) {
  return 'Basic ' + Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}

/** Resolves to `{ url, stop }` as soon as the service is healthy. */
export async function startServer(settings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'rolecall-clients-'));
  const database = await freshDatabase(folder);
  const listen = `127.0.0.1:${await freePort()}`;
  const program = spawn(PROGRAM, ['serve'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of our own environment, so that a developer's settings don't take part.
    env: {
      PATH: process.env.PATH,
      RUST_BACKTRACE: '1',
      RUST_LOG: 'warn',
      DATABASE_URL: database.url,
      ROLECALL_LISTEN: listen,
      ROLECALL_ADMIN_USERNAME: ADMIN.username,
      ROLECALL_ADMIN_PASSWORD: ADMIN.password,
      ROLECALL_SHUTDOWN_SECONDS: '2',
      ...settings,
    },
  });
  const running = watch(program);

  async function stop() {
    await running.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }

  const url = `http://${listen}`;
  try {
    await healthy(url, running);
  } catch (problem) {
    await stop();
    throw problem;
  }
  return { url, stop };
}

/** Keeps what the program prints, and knows whether it still runs. */
function watch(program) {
  let output = '';
  let ended = null;
  for (const stream of [program.stdout, program.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => { output += text; });
  }
  program.on('error', (problem) => { ended ??= problem.message; });
  program.on('exit', (code, signal) => { ended ??= signal ?? `exit code ${code}`; });
  return {
    ended: () => ended,
    output: () => output,
    async end() {
      if (ended !== null) return;
      const exit = once(program, 'exit');
      program.kill('SIGTERM');
      const killer = setTimeout(() => program.kill('SIGKILL'), STOP_SECONDS * 1000);
      await exit;
      clearTimeout(killer);
    },
  };
}

async function healthy(url, running) {
  const deadline = Date.now() + START_SECONDS * 1000;
  while (Date.now() < deadline) {
    if (running.ended() !== null) break;
    const answer = await fetch(`${url}/health`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await sleep(50);
  }
  const state = running.ended() ?? `not healthy after ${START_SECONDS} s`;
  throw new Error(`${PROGRAM} serve: ${state}\n${running.output()}`);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function freshDatabase(folder) {
  if (DATABASE === 'sqlite') {
    return { url: `sqlite://${join(folder, 'rolecall.db')}`, drop: async () => {} };
  }
  const server = process.env.ROLECALL_TEST_POSTGRES;
  if (!server) throw new Error('ROLECALL_TEST_POSTGRES must name a server: eval "$(.ci/postgres start)"');
  const name = `rolecall_clients_${randomBytes(6).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function administer(server, statement) {
  const connection = new pg.Client({ connectionString: server });
  await connection.connect();
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
