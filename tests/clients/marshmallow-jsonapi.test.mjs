// marshmallow-jsonapi, in Python: see python/marshmallow_jsonapi_steps.py.

import { pythonVersion, startClient } from './support/python.mjs';
import { byHand, matrix } from './support/steps.mjs';

function connect(where) {
  const client = startClient('marshmallow_jsonapi_steps.py', where);
  return {
    ...client,
    pages: byHand('reads `links.next` from the document: schemas do not', client.pages),
    invalid: byHand('reads `errors` from the document: schemas do not', client.invalid),
  };
}

matrix({
  client: 'marshmallow-jsonapi',
  registry: 'PyPI',
  version: pythonVersion('marshmallow-jsonapi'),
  remarks: [
    'Builds and reads documents only; the requests were sent with `httpx`.',
    'Needs marshmallow 3: it does not load with version 4.',
    'Schemas need `unknown = EXCLUDE`, and relationships without `data` have to be left out before a document is loaded.',
  ],
  connect,
});
