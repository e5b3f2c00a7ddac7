// Swagger UI in Chromium, on a page of another origin: "Try it out" and "Execute" work with what it fills in by itself.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';

const { SERVICE_URL: service, SERVICE_TOKEN: token, PAGE_PORT: port } = process.env;
const files = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const page = `<!doctype html><title>Swagger UI</title><link rel="stylesheet" href="swagger-ui.css"><div id="ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script>
  window.ui = SwaggerUIBundle({
    url: '${service}/openapi.json', dom_id: '#ui', docExpansion: 'none', defaultModelsExpandDepth: -1,
    onComplete: () => window.ui.preauthorizeApiKey('bearer', '${token}'),
  });
</script>`;

const server = createServer(async (request, response) => {
  const name = request.url.split('?')[0];
  const type = name.endsWith('.css') ? 'text/css' : name.endsWith('.js') ? 'text/javascript' : 'text/html';
  const body = type === 'text/html' ? page : await readFile(join(files, name)).catch(() => '');
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
}).listen(port, '127.0.0.1');
await once(server, 'listening');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});

/** Opens the operation, and executes it with the id where it has one. */
async function execute(tab, tag, operation, id) {
  const block = tab.locator(`#operations-${tag}-${operation}`);
  if (!(await block.isVisible())) await tab.locator(`#operations-tag-${tag}`).click();
  await block.locator('.opblock-summary-control').click();
  await block.locator('button.try-out__btn').click();
  if (id) await block.locator('tr[data-param-name="id"] input').fill(id);
  const answer = tab.waitForResponse((response) => (
    response.url().startsWith(service) && response.request().method() !== 'OPTIONS'
  ));
  await block.locator('button.execute').click();
  const { status, url } = await answer.then((response) => ({ status: response.status(), url: response.url() }));
  console.log(`Swagger UI: ${operation}: ${status} (${url.slice(service.length)})`);
  // An open one is drawn again with each change of the page.
  await block.locator('.opblock-summary-control').click();
  return status;
}

try {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(60_000);
  await tab.goto(`http://127.0.0.1:${port}/`);
  await tab.locator('#operations-tag-users').waitFor();
  assert.equal(await execute(tab, 'users', 'create_users'), 201);
  assert.equal(await execute(tab, 'users', 'get_users', '1'), 200);
  assert.equal(await execute(tab, 'users', 'list_users'), 200);
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
