// Clients written for browsers: each is bundled into a page of another origin in Chromium, where its methods are called.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { startBrowser, startSite } from './browser.mjs';

const FOLDER = fileURLToPath(new URL('../pages/', import.meta.url));

/** What `file` and all that it imports are as one script. */
export async function bundle(file, options = {}) {
  const { outputFiles: [script] } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    ...options,
  });
  // Not the end of the element that it stands in.
  return script.text.replaceAll('</script', '<\\/script');
}

/** A page that shows nothing but has the client which `file` of pages/ exports: `connectAs({ url, credentials })`. */
export async function startPage(file, options) {
  const script = await bundle(FOLDER + file, { format: 'iife', globalName: 'module', ...options });
  const [site, browser] = [await startSite(), await startBrowser()];
  const path = site.show(`<script>${script}</script>`);
  const origin = `http://127.0.0.1:${site.port}`;

  async function connect(where) {
    const page = await browser.newPage();
    await page.goto(origin + path);
    await page.evaluate(async (given) => { window.client = await window.module.connect(given); }, where);
    return { call: (method, ...args) => call(page, method, args), close: () => page.close() };
  }
  async function stop() {
    await browser.close();
    await site.stop();
  }
  return { origin, connect, stop };
}

async function call(page, method, args) {
  const { value, problem } = await page.evaluate(async ([name, list]) => {
    try {
      return { value: await window.client[name](...list) };
    } catch (thrown) {
      const status = window.client.statusOf(thrown);
      return { problem: { text: String(thrown?.message ?? thrown), status: status && Number(status) } };
    }
  }, [method, args]);
  if (problem) throw Object.assign(new Error(problem.text), { status: problem.status });
  return value;
}

/** The client of a matrix whose methods are all those of the page; `others` replaces some. */
export function remote({ call, close }, others = {}) {
  const names = [
    'list', 'pages', 'include', 'query', 'create', 'update', 'addRole', 'removeRole', 'replaceRoles', 'invalid', 'remove',
  ];
  const methods = Object.fromEntries(names.map((name) => [name, (...args) => call(name, ...args)]));
  return { close, ...methods, statusOf: (problem) => problem.status, ...others };
}
