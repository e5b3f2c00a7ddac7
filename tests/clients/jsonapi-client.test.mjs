// jsonapi-client, in Python: see python/jsonapi_client_steps.py.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pythonVersion, startPython } from './support/python.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { refusal } from './support/refusal.mjs';

function connect(where) {
  const { call, close } = startPython('jsonapi_client_steps.py', where);
  const whole = 'it knows no relationship addresses: the user is sent with the whole list of roles';
  return {
    call,
    close,
    list: (options) => call('list', options),
    pages: (options) => call('pages', options),
    include: (username) => call('include', username),
    query: (options) => call('query', options),
    create: (attributes) => call('create', attributes),
    update: (id, attributes) => call('update', id, attributes),
    addRole: byHand(whole, (id, role) => call('add_role', id, role)),
    removeRole: byHand(whole, (id, role) => call('remove_role', id, role)),
    replaceRoles: (id, roles) => call('replace_roles', id, roles),
    invalid: byHand(
      'the exception names the title of the first error only: the others are in its response',
      (attributes) => call('invalid', attributes),
    ),
    remove: byHand(
      'with an asynchronous session: the other one fails on every 204, whose empty body it reads as JSON',
      (id) => call('remove_asynchronously', id),
    ),
    statusOf: (problem) => problem.status,
  };
}

matrix({
  client: 'jsonapi-client',
  registry: 'PyPI',
  version: pythonVersion('jsonapi-client'),
  connect,
  also(context) {
    it('still fails on a 204 when it is not asynchronous', async () => {
      const user = await context.witness.user();
      const problem = await refusal(context.client.call('remove', user.id));
      assert.match(problem.message, /JSONDecodeError/);
      assert.equal(await context.witness.statusOf(`/users/${user.id}`), 404);
    });
  },
});
