// Makes docs/guides/client-libraries.md of what the runs on both databases left in results/. With --check it writes nothing, and fails
// when the file is not what it would write.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RESULTS, STEPS } from './steps.mjs';

const DATABASES = { sqlite: 'SQLite', postgres: 'PostgreSQL' };
const FILE = fileURLToPath(new URL('../../../docs/guides/client-libraries.md', import.meta.url));
const MARKS = { own: '●', byHand: '○', unsupported: '–', failed: '✗' };

/** The results by client, then by database. */
function read() {
  const clients = new Map();
  for (const name of readdirSync(RESULTS).filter((file) => file.endsWith('.json'))) {
    const result = JSON.parse(readFileSync(RESULTS + name, 'utf8'));
    clients.set(result.client, { ...clients.get(result.client), [result.database]: result });
  }
  for (const [name, results] of clients) {
    const missing = Object.keys(DATABASES).filter((database) => !results[database]);
    if (missing.length > 0) throw new Error(`${name} was not run on ${missing.join(' and ')}`);
  }
  if (clients.size === 0) throw new Error('there are no results: run the tests on both databases first');
  return [...clients.values()].sort((a, b) => order(a).localeCompare(order(b), 'en'));
}

const order = ({ sqlite }) => `${sqlite.registry === 'npm' ? 0 : 1} ${sqlite.client.replace('@', '')}`;

function mark(results, step) {
  const marks = Object.keys(DATABASES).map((database) => {
    const { outcome = 'failed', note } = results[database].steps[step.name] ?? {};
    return MARKS[outcome === 'passed' ? (note ? 'byHand' : 'own') : outcome];
  });
  return [...new Set(marks)].join(' ');
}

function passed(results) {
  const names = STEPS.map(({ name }) => name);
  const counts = Object.keys(DATABASES).map((database) => (
    names.filter((name) => results[database].steps[name]?.outcome === 'passed').length
  ));
  return `${Math.min(...counts)} of ${names.length}`;
}

function table(clients) {
  const head = ['client', 'version', ...STEPS.map(({ name }) => name), 'passed'];
  const rows = clients.map((results) => {
    const { client, version } = results.sqlite;
    return [client, version, ...STEPS.map((step) => mark(results, step)), passed(results)];
  });
  const rule = head.map((_, column) => (column < 2 ? '---' : ':---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function details({ sqlite }) {
  const lines = Object.entries(sqlite.settings).map(([name, value]) => `- Needs \`${name}=${value}\`.`);
  const steps = new Map();
  for (const { name } of STEPS) {
    const note = sqlite.steps[name]?.note;
    if (note) steps.set(note, [...(steps.get(note) ?? []), name]);
  }
  for (const [note, names] of steps) {
    const text = note[0].toUpperCase() + note.slice(1);
    lines.push(`- ${names.join(', ')}: ${text}.`);
  }
  lines.push(...sqlite.remarks.map((remark) => `- ${remark}`));
  if (lines.length === 0) lines.push('- No particularities.');
  return `### ${sqlite.client}\n\n${lines.join('\n')}`;
}

const inWords = (names) => `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

const EVERYBODY = `## All libraries

- The media type is \`application/vnd.api+json\` without parameters other than \`ext\` and \`profile\`. JSON:API 1.1 demands 415 for a
  \`Content-Type\` with \`; charset=utf-8\`, and 406 if every media type in \`Accept\` has it. Some libraries add it: .NET's
  \`StringContent\` does, and \`content.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.api+json")\` removes it.
- A list of values is written with commas. \`filter[username][]=a&filter[username][]=b\`, \`filter[username][0]=a&filter[username][1]=b\`
  and a repeated parameter mean the same; in these forms a comma is part of a value.
- \`meta.total\` is the total of a list; so is \`meta.pagination.count\`, next to the number of pages.
- Pages of other origins need \`ROLECALL_CORS_ORIGINS\`.

## Generated clients

\`.ci/description\` generates clients from \`/openapi.json\`, and lists, pages, creates, updates and deletes with each:

- openapi-typescript with openapi-fetch: set \`headers: { 'Content-Type': 'application/vnd.api+json' }\`; it sends
  \`application/json\` otherwise, which \`ROLECALL_STRICT_MEDIA_TYPES\` refuses. It repeats list parameters;
  \`querySerializer: { array: { style: 'form', explode: false } }\` writes commas, as the description declares.
- openapi-python-client: nothing to set. It repeats list parameters.
- openapi-generator, python and typescript-axios: with \`useSingleRequestParameter=true\` for the latter; otherwise the function that
  lists users has 200 arguments.
- Swagger UI: its page has another origin, so the service needs \`ROLECALL_CORS_ORIGINS\`.`;

function page(clients) {
  const names = Object.values(DATABASES).join(' and ');
  return `# Client libraries

JSON:API client libraries of other projects, tested against a running rolecall on ${names}. Each takes every step; the test
then reads the service without the library to verify the result. \`.ci/clients\` runs these tests and writes this page; do not edit it.

${MARKS.own} with the library's own functions, ${MARKS.byHand} with some code around it (see below), ${MARKS.unsupported} not possible with it, ${MARKS.failed} failed.

${table(clients)}

Python libraries, from PyPI: ${inWords(clients.filter(({ sqlite }) => sqlite.registry !== 'npm').map(({ sqlite }) => sqlite.client))}. All others are from npm.

${EVERYBODY}

## Each library

${clients.map(details).join('\n\n')}
`;
}

const made = page(read());
if (process.argv.includes('--check')) {
  let kept = '';
  try {
    kept = readFileSync(FILE, 'utf8');
  } catch (problem) {
    if (problem.code !== 'ENOENT') throw problem;
  }
  if (kept !== made) {
    const [was, is] = [kept.split('\n'), made.split('\n')];
    const line = is.findIndex((text, index) => text !== was[index]);
    console.error(`docs/guides/client-libraries.md is not what the run produced; line ${line + 1} should be:\n${is[line] ?? '(the end)'}`);
    console.error('Write it anew: node tests/clients/support/matrix.mjs');
    process.exit(1);
  }
  console.log('docs/guides/client-libraries.md is what the run produced');
} else {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, made);
  console.log('wrote docs/guides/client-libraries.md');
}
