// A real browser, and a web server for the pages of other people.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const startBrowser = () => chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });

/** Serves pages on a port of its own: `show` answers the path of one, `forward` that of a redirect which keeps the method. */
export async function startSite() {
  const answers = new Map();
  const server = createServer((request, response) => {
    const { status, headers, body } = answers.get(request.url) ?? { status: 404 };
    request.resume();
    response.writeHead(status, headers).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const keep = (answer) => {
    const path = `/${answers.size}`;
    answers.set(path, answer);
    return path;
  };
  return {
    port: server.address().port,
    show: (html, headers = {}) => keep({
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
      body: `<!doctype html><title>A page</title>${html}`,
    }),
    forward: (location) => keep({ status: 307, headers: { location } }),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
