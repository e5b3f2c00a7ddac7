// jsonapi-requests, in Python: see python/jsonapi_requests_steps.py.

import { pythonVersion, startPython } from './support/python.mjs';
import { byHand, matrix } from './support/steps.mjs';

function connect(where) {
  const { call, close } = startPython('jsonapi_requests_steps.py', where);
  const linkage = 'sends the identifiers with its endpoint for any path';
  return {
    close,
    list: (options) => call('list', options),
    pages: byHand('its models keep no links: read from the answer of the endpoint', (options) => call('pages', options)),
    include: (username) => call('include', username),
    query: (options) => call('query', options),
    create: (attributes) => call('create', attributes),
    update: (id, attributes) => call('update', id, attributes),
    addRole: byHand(linkage, (id, role) => call('add_role', id, role)),
    removeRole: byHand(linkage, (id, role) => call('remove_role', id, role)),
    replaceRoles: (id, roles) => call('replace_roles', id, roles),
    invalid: byHand('the exception has the body as bytes', (attributes) => call('invalid', attributes)),
    remove: (id) => call('remove', id),
    statusOf: (problem) => problem.status,
  };
}

matrix({
  client: 'jsonapi-requests',
  registry: 'PyPI',
  version: pythonVersion('jsonapi-requests'),
  remarks: [
    'Puts a slash after every address, and sends a body with DELETE.',
    'Sends back the whole resource that it has read, with what is read-only.',
  ],
  connect,
});
