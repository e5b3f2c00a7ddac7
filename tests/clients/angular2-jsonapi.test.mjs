// angular2-jsonapi, in Chromium: see pages/angular2-jsonapi.js.

import { after } from 'node:test';
import { remote, startPage } from './support/page.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const page = await startPage('angular2-jsonapi.js', { alias: { rxjs: 'rxjs6' } });
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
  client: 'angular2-jsonapi',
  version: npmVersion('angular2-jsonapi'),
  origins: [page.origin],
  remarks: [
    'Used with Angular 8 and RxJS 6, for which it was made.',
    'Runs in a page of its own origin, which `ROLECALL_CORS_ORIGINS` has to hold.',
  ],
  connect,
});
