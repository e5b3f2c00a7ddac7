// jsonapi-pydantic, in Python: see python/jsonapi_pydantic_steps.py.

import { matrix } from './support/steps.mjs';
import { pythonVersion, startClient } from './support/python.mjs';

matrix({
  client: 'jsonapi-pydantic',
  registry: 'PyPI',
  version: pythonVersion('jsonapi-pydantic'),
  remarks: [
    'Builds and reads documents only; the requests were sent with `httpx`.',
    'Documents are made with `TopLevel.model_construct` and sent as bytes, with `Content-Type` set by hand.',
  ],
  connect: (where) => startClient('jsonapi_pydantic_steps.py', where),
});
