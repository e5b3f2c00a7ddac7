// Clients written in Python: each runs in a process of its own, which is handed a call per line (python/bridge.py).

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** An interpreter with the packages of python/requirements.txt. */
export const PYTHON = fileURLToPath(new URL('../.venv/bin/python', import.meta.url));
const FOLDER = fileURLToPath(new URL('../python/', import.meta.url));

/** The installed version of a package from PyPI. */
export function pythonVersion(name) {
  const script = 'import importlib.metadata as m, sys; print(m.version(sys.argv[1]))';
  return execFileSync(PYTHON, ['-c', script, name], { encoding: 'utf8' }).trim();
}

/** A function that calls methods of the client which `file` makes. */
export function startPython(file, { url, credentials }) {
  const program = spawn(PYTHON, [FOLDER + file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      PYTHONDONTWRITEBYTECODE: '1',
      SERVICE_URL: url,
      SERVICE_USERNAME: credentials.username,
      SERVICE_PASSWORD: credentials.password,
    },
  });
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();

  async function call(method, ...args) {
    program.stdin.write(JSON.stringify({ method, arguments: args }) + '\n');
    const { value: line, done } = await lines.next();
    if (done) throw new Error(`${file} ended`);
    const { value, problem } = JSON.parse(line);
    if (problem) throw Object.assign(new Error(problem.text), { status: problem.status });
    return value;
  }
  async function close() {
    const exit = once(program, 'exit');
    program.stdin.end();
    await exit;
  }
  return { call, close };
}

/** A client for the steps whose methods are all those of the client which `file` makes. */
export function startClient(file, where) {
  const { call, close } = startPython(file, where);
  return {
    close,
    list: (options) => call('list', options),
    pages: (options) => call('pages', options),
    include: (username) => call('include', username),
    query: (options) => call('query', options),
    create: (attributes) => call('create', attributes),
    update: (id, attributes) => call('update', id, attributes),
    addRole: (id, role) => call('add_role', id, role),
    removeRole: (id, role) => call('remove_role', id, role),
    replaceRoles: (id, roles) => call('replace_roles', id, roles),
    invalid: (attributes) => call('invalid', attributes),
    remove: (id) => call('remove', id),
    statusOf: (problem) => problem.status,
  };
}
