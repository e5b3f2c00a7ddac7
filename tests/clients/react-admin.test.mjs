// react-admin: the data provider of examples/react-admin does every step, and people do theirs with the example's forms.

import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBrowser, startSite } from './support/browser.mjs';
import { bundle, remote, startPage } from './support/page.mjs';
import { ADMIN } from './support/server.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const EXAMPLE = fileURLToPath(new URL('../../examples/react-admin/', import.meta.url));

const page = await startPage('react-admin.js');
const [site, browser] = [await startSite(), await startBrowser()];
after(async () => {
  await page.stop();
  await browser.close();
  await site.stop();
});

const wholeList = 'saves the user with the whole list of roles, as its forms do';

async function connect(where) {
  const client = await page.connect(where);
  const named = (note, name) => byHand(note, (...args) => client.call(name, ...args));
  return remote(client, {
    include: named('a record has the ids of the roles: their names are a second request, `getMany`', 'include'),
    addRole: named(wholeList, 'addRole'),
    removeRole: named(wholeList, 'removeRole'),
  });
}

/** The example, opened by somebody who has signed in. */
async function signedIn(server) {
  const script = await bundle(`${EXAMPLE}main.jsx`);
  const html = `<meta name="service" content="${server.url}"><div id="root"></div><script>${script}</script>`;
  const screen = await (await browser.newContext()).newPage();
  screen.setDefaultTimeout(15_000);
  await screen.goto(`http://127.0.0.1:${site.port}${site.show(html)}`);
  await field(screen, 'Username').fill(ADMIN.username);
  await field(screen, 'Password').fill(ADMIN.password);
  await screen.getByRole('button', { name: 'Sign in' }).click();
  return screen;
}

const field = (screen, name) => screen.getByRole('textbox', { name, exact: true });

matrix({
  client: 'react-admin',
  version: npmVersion('react-admin', EXAMPLE),
  origins: [page.origin, `http://127.0.0.1:${site.port}`],
  remarks: [
    'Used with the data provider of [examples/react-admin](../../examples/react-admin/data-provider.js), which is there to be copied: it reads totals, sends only what a form has changed, and shows each error at its field.',
    'Forms that edit need `mutationMode="pessimistic"`, or errors of the service come when the form is gone.',
    'Pages come from an origin of their own, which `ROLECALL_CORS_ORIGINS` has to hold.',
  ],
  connect,
  also(context) {
    it('lets people list, page, search, create, edit and delete', { timeout: 120_000 }, async () => {
      const { server, witness } = context;
      const role = await witness.role();
      await witness.users(15);
      const screen = await signedIn(server);
      const { names } = await witness.everybody(10);
      const rows = screen.locator('tbody tr');
      await rows.filter({ hasText: names[0] }).waitFor();
      assert.equal(await rows.count(), 10);
      await screen.getByText(`1-10 of ${names.length}`).waitFor();
      await screen.getByRole('button', { name: 'Go to next page' }).click();
      await rows.filter({ hasText: names[10] }).waitFor();

      const username = witness.name('formed');
      await screen.getByRole('link', { name: 'Create' }).first().click();
      await field(screen, 'Username').fill('no blanks please');
      await field(screen, 'Name').fill('Calvin');
      await screen.getByRole('button', { name: 'Save' }).click();
      const told = (name) => screen.locator('.MuiFormControl-root').filter({ has: field(screen, name) });
      await told('Username').getByText('may contain only letters').waitFor();
      await told('Password').getByText('required').waitFor();
      await field(screen, 'Username').fill(username);
      await field(screen, 'Password').fill('j04nd0e');
      await screen.getByLabel('Roles').click();
      await screen.getByRole('option', { name: role.name }).click();
      await screen.getByRole('button', { name: 'Save' }).click();

      const search = screen.getByRole('textbox', { name: 'Search' });
      await search.fill(username);
      await rows.filter({ hasText: username }).click();
      assert.equal(await witness.count({ 'filter[username]': username, 'filter[name]': 'Calvin' }), 1);
      const id = new URL(screen.url()).hash.match(/users\/(\d+)/)?.[1] ?? await idIn(screen);
      assert.deepEqual(await witness.rolesOf({ id }), [role.id]);

      await field(screen, 'Surname').fill('Broadus');
      await field(screen, 'Username').fill(ADMIN.username);
      await screen.getByRole('button', { name: 'Save' }).click();
      await told('Username').getByText(/already|taken|exists/).waitFor();
      await field(screen, 'Username').fill(username);
      await screen.getByRole('button', { name: 'Save' }).click();
      await rows.filter({ hasText: 'Broadus' }).waitFor();
      assert.equal((await witness.find(id)).surname, 'Broadus');
      assert.deepEqual(await witness.rolesOf({ id }), [role.id]);

      await rows.filter({ hasText: username }).click();
      await screen.getByRole('button', { name: 'Delete' }).click();
      await screen.getByRole('button', { name: 'Confirm' }).click();
      await screen.getByText(/No results|No users/i).first().waitFor();
      assert.equal(await witness.statusOf(`/users/${id}`), 404);
    });
  },
});

/** The id of the user whose form is shown. */
async function idIn(screen) {
  await screen.waitForURL(/users\/\d+/);
  return screen.url().match(/users\/(\d+)/)[1];
}
