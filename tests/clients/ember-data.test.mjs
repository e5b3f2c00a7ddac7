// Ember Data, in Chromium: see pages/ember-data.js.

import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { ember } from './support/ember.mjs';
import { remote, startPage } from './support/page.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const page = await startPage('ember-data.js', { plugins: [ember] });
after(() => page.stop());

async function connect(where) {
  const client = await page.connect(where);
  const named = (note, name) => byHand(note, (...args) => client.call(name, ...args));
  const wholeList = 'it knows no relationship addresses: the user is saved with the whole list of roles';
  return {
    shown: (...args) => client.call('shown', ...args),
    ...remote(client, {
      addRole: named(wholeList, 'addRole'),
      removeRole: named(wholeList, 'removeRole'),
      invalid: named('what is missing is shown at `base`: `adapterError.errors` has the attribute in `meta`', 'invalid'),
    }),
  };
}

matrix({
  client: 'ember-data',
  version: npmVersion('ember-data'),
  origins: [page.origin],
  remarks: [
    'The serializer needs `keyForAttribute: underscore`, or `fullName` is sent as `full-name`, an attribute that does not exist. Names of relationships have dashes, as it writes them.',
    'Runs in a page of its own origin, which `ROLECALL_CORS_ORIGINS` has to hold.',
  ],
  connect,
  also(context) {
    it('shows an invalid attribute at its field', async () => {
      const [text] = await context.client.shown({ username: 'no blanks please', password: 'j04nd0e' }, 'username');
      assert.match(text, /may contain only letters/);
    });

    it('writes and reads names of several words', async () => {
      const { client, witness } = context;
      const user = await client.create({ username: witness.name('worded'), password: 'j04nd0e', fullName: 'Calvin Broadus' });
      assert.equal(user.fullName, 'Calvin Broadus');
      assert.equal((await witness.find(user.id)).full_name, 'Calvin Broadus');
    });
  },
});
