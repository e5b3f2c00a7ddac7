// Pages of other origins in a real browser that knows the administrator's password: their forms and fetches change
// nothing, whatever the surface. Pages of a listed origin, and the service's own, work.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startBrowser, startSite } from './support/browser.mjs';
import { ADMIN, basic, startServer } from './support/server.mjs';

const MEDIA_TYPE = 'application/vnd.api+json';
const VERA = { username: 'vera', password: 'correct-horse-7' };
const USER = JSON.stringify({ data: { type: 'users', attributes: { username: 'noct', password: 'correct-horse-8' } } });
const AUTHORIZATION = basic(ADMIN);

let server;
let browser;
let page;
let site;
let listed;

before(async () => {
  [site, listed] = [await startSite(), await startSite()];
  server = await startServer({ ROLECALL_CORS_ORIGINS: `http://127.0.0.1:${listed.port}` });
  const made = await ask('POST', '/users', { data: { type: 'users', attributes: VERA } });
  assert.equal(made.status, 201);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  await site?.stop();
  await listed?.stop();
});

// Somebody signs in, as the browser's own prompt lets them, and goes on surfing.
beforeEach(async () => {
  await page?.context().close();
  page = await (await browser.newContext()).newPage();
  const home = new URL('/home', server.url);
  Object.assign(home, ADMIN);
  const answer = await page.goto(home.href);
  assert.equal(answer.status(), 200);
});

function ask(method, path, document) {
  return fetch(server.url + path, {
    method,
    headers: { authorization: AUTHORIZATION, 'content-type': MEDIA_TYPE },
    body: document && JSON.stringify(document),
  });
}

/** What the directory holds, as a program sees it. */
async function state() {
  const lists = ['/users', '/trash/users', '/roles', '/grants', '/tokens', '/partners'];
  const texts = await Promise.all(lists.map(async (path) => (await ask('GET', path)).text()));
  // When somebody was last here is no change of theirs.
  return texts.map((text) => text.replaceAll(/"last_(login|used)":("[^"]*"|null)/g, ''));
}

async function unchanged(work) {
  const earlier = await state();
  await work();
  assert.deepEqual(await state(), earlier);
  const vera = await fetch(`${server.url}/home`, { headers: { authorization: basic(VERA) } });
  assert.equal(vera.status, 200, "vera's password is another");
}

/** The service's answer to what a page asks for next at this path, other than a preflight. */
const nextAnswer = (path) => page.waitForResponse((answer) => (
  answer.url().split('?')[0] === server.url + path && answer.request().method() !== 'OPTIONS'
));

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

function form({ path, enctype, fields, method = 'POST' }, address = server.url + path) {
  const inputs = Object.entries(fields).map(([name, value]) => (
    `<input name="${escape(name)}" value="${escape(value)}">`
  ));
  return `<form method="${method}" enctype="${enctype ?? ''}" action="${address}">${inputs.join('')}</form>`;
}

const submitted = (html) => `${html}<script>document.forms[0].submit()</script>`;

/** A form of plain text whose one field is this document. */
const plain = (document) => {
  const [name, ...rest] = JSON.stringify({ ...document, x: '=' }).split('=');
  return { [name]: rest.join('=') };
};

const NEW_USER = { username: 'csrf', password: 'correct-horse-9', is_superuser: 'true' };
const URLENCODED = 'application/x-www-form-urlencoded';
const FORMS = [
  { path: '/api/admin/users/', enctype: URLENCODED, fields: NEW_USER },
  { path: '/api/admin/users/', enctype: 'multipart/form-data', fields: NEW_USER },
  { path: '/api/admin/users/1/', enctype: URLENCODED, fields: { password: 'stolen-12345' } },
  { path: '/api/users/token/', enctype: URLENCODED, fields: ADMIN },
  { path: `/api/user/${VERA.username}`, enctype: 'text/plain', fields: plain({ password: 'stolen-12345' }) },
  { path: '/api/role/admin', enctype: 'text/plain', fields: plain({ description: 'stolen' }) },
  { path: '/api/id-management/partners/', enctype: 'text/plain', fields: plain({ title: 'Stolen' }) },
  { path: '/users', enctype: 'text/plain', fields: plain(JSON.parse(USER)) },
  { path: '/operations', enctype: 'text/plain', fields: plain({ 'atomic:operations': [] }) },
  { path: '/auth', enctype: URLENCODED, fields: ADMIN },
];

const FETCHES = [
  // The Blob has no type, so the request has none.
  { path: '/users', body: `new Blob([${JSON.stringify(USER)}])` },
  { path: '/users', body: JSON.stringify(USER) },
  { path: '/api/admin/users/', body: `new URLSearchParams(${JSON.stringify(NEW_USER)})` },
  { path: `/api/user/${VERA.username}`, body: `'{"password":"stolen-12345"}'` },
  { path: `/api/user/${VERA.username}`, body: `new Blob(['{"password":"stolen-12345"}'])` },
  { path: '/api/id-management/partners/', body: `'{"title":"Stolen"}'` },
];

const sites = () => [
  ['another port of the same host', `http://127.0.0.1:${site.port}`],
  ['another host', `http://localhost:${site.port}`],
];

describe('a page of another origin', () => {
  it('is shown what the password opens, so the browser does send it along', async () => {
    for (const [, origin] of sites()) {
      await unchanged(async () => {
        const asked = nextAnswer('/home');
        const link = form({ path: '/home', method: 'GET', fields: {} });
        await page.goto(origin + site.show(submitted(link)));
        assert.equal((await asked).status(), 200, origin);
      });
    }
  });

  for (const sent of FORMS) {
    it(`changes nothing with a form (${sent.enctype}) to ${sent.path}`, async () => {
      for (const [what, origin] of sites()) {
        await unchanged(async () => {
          const asked = nextAnswer(sent.path);
          await page.goto(origin + site.show(submitted(form(sent))));
          const answer = await asked;
          assert.equal(answer.status(), 403, `${what}: ${await answer.text()}`);
        });
      }
    });
  }

  it('changes nothing with a form that hides where it comes from', async () => {
    const [sent] = FORMS;
    const silent = `<meta name="referrer" content="no-referrer">${submitted(form(sent))}`;
    const forwarded = submitted(form(sent, site.forward(server.url + sent.path)));
    const sandboxed = { 'content-security-policy': 'sandbox allow-forms allow-scripts' };
    const pages = [site.show(silent), site.show(forwarded), site.show(submitted(form(sent)), sandboxed)];
    for (const [what, origin] of sites()) {
      for (const path of pages) {
        await unchanged(async () => {
          const asked = nextAnswer(sent.path);
          await page.goto(origin + path);
          const answer = await asked;
          assert.equal(answer.status(), 403, `${what}: ${path}`);
          assert.equal((await answer.request().allHeaders()).origin, 'null');
        });
      }
    }
  });

  for (const sent of FETCHES) {
    it(`changes nothing with a fetch of ${sent.body} to ${sent.path}`, async () => {
      const options = `{ method: 'POST', mode: 'no-cors', credentials: 'include', body: ${sent.body} }`;
      const script = `<script>fetch('${server.url}${sent.path}', ${options})</script>`;
      const beacon = `<script>navigator.sendBeacon('${server.url}${sent.path}', ${sent.body})</script>`;
      for (const [what, origin] of sites()) {
        for (const html of [script, beacon]) {
          await unchanged(async () => {
            const asked = nextAnswer(sent.path);
            await page.goto(origin + site.show(html));
            assert.equal((await asked).status(), 403, what);
          });
        }
      }
    });
  }

  it('is not even asked for what needs a preflight', async () => {
    for (const [what, origin] of sites()) {
      for (const method of ['POST', 'PATCH', 'PUT', 'DELETE']) {
        await unchanged(async () => {
          await page.goto(origin + site.show(''));
          assert.equal(await fetched(method, '/users/2', { 'content-type': MEDIA_TYPE }, USER), 'TypeError', what);
        });
      }
    }
  });
});

/** The status that a script of the page sees, or the name of what it catches. */
function fetched(method, path, headers, body) {
  return page.evaluate(([url, options]) => (
    fetch(url, options).then((answer) => answer.status, (problem) => problem.name)
  ), [server.url + path, { method, headers, body }]);
}

describe('a page of a listed origin', () => {
  const origin = () => `http://127.0.0.1:${listed.port}`;

  it('changes things with credentials of its own', async () => {
    await page.goto(origin() + listed.show(''));
    const headers = { 'content-type': MEDIA_TYPE, authorization: AUTHORIZATION };
    const body = JSON.stringify({ data: { type: 'users', id: '2', attributes: { name: 'Vera' } } });
    assert.equal(await fetched('PATCH', '/users/2', headers, body), 200);
    const vera = await (await ask('GET', '/users/2')).json();
    assert.equal(vera.data.attributes.name, 'Vera');
  });

  it('reads refusals as well', async () => {
    await page.goto(origin() + listed.show(''));
    assert.equal(await fetched('DELETE', '/users/99', { authorization: AUTHORIZATION }), 404);
  });

  it('may have a form', async () => {
    const asked = nextAnswer('/api/admin/users/');
    const fields = { username: 'formed', password: 'correct-horse-9' };
    await page.goto(origin() + listed.show(submitted(form({ path: '/api/admin/users/', enctype: URLENCODED, fields }))));
    assert.equal((await asked).status(), 201);
  });
});

it("the service's own origin needs no list", async () => {
  await page.goto(`${server.url}/home`);
  const body = JSON.stringify({ data: { type: 'users', id: '2', attributes: { surname: 'Own' } } });
  assert.equal(await fetched('PATCH', '/users/2', { 'content-type': MEDIA_TYPE }, body), 200);
});
