// ngx-jsonapi, in Chromium: see pages/ngx-jsonapi.js.

import { after } from 'node:test';
import { remote, startPage } from './support/page.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const page = await startPage('ngx-jsonapi.js');
after(() => page.stop());

const wholeList = 'it knows no relationship addresses: the user is saved with the whole list of roles';

async function connect(where) {
  const client = await page.connect(where);
  const named = (note, name) => byHand(note, (...args) => client.call(name, ...args));
  return remote(client, {
    pages: named('it follows no links: counts to `meta.pagination.page_count`', 'pages'),
    addRole: named(wholeList, 'addRole'),
    removeRole: named(wholeList, 'removeRole'),
  });
}

matrix({
  client: 'ngx-jsonapi',
  version: npmVersion('ngx-jsonapi'),
  origins: [page.origin],
  remarks: [
    'Needs `parameters: { page: { number: \'page[number]\', size: \'page[size]\' } }` in its configuration.',
    'Used without Angular, which version 3 does not need; it sends with `axios.defaults`, so `auth` is set there.',
    'Sends back the whole resource that it has read, with what is read-only.',
    'Runs in a page of its own origin, which `ROLECALL_CORS_ORIGINS` has to hold.',
  ],
  connect,
});
