// jsona: builds and reads documents; the requests are the caller's own, here with fetch.

import { Jsona } from 'jsona';
import { basic } from './support/server.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { refusal } from './support/refusal.mjs';
import { npmVersion } from './support/version.mjs';

const MEDIA_TYPE = 'application/vnd.api+json';

function connect({ url, credentials }) {
  const jsona = new Jsona();

  async function send(method, path, stuff, includeNames) {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { Authorization: basic(credentials), Accept: MEDIA_TYPE, 'Content-Type': MEDIA_TYPE },
      body: stuff && JSON.stringify(jsona.serialize({ stuff, includeNames })),
    });
    if (answer.status === 204) return null;
    const document = await answer.json();
    if (!answer.ok) throw document;
    return document;
  }
  const read = async (...request) => jsona.deserialize(await send(...request));
  const identifiers = (roles) => roles.map((id) => ({ type: 'roles', id }));
  const roles = (id) => `/users/${id}/relationships/roles`;

  return {
    list: ({ size }) => read('GET', `/users?page[size]=${size}`),
    pages: byHand('reads `links.next` from the document: what jsona returns has no links', async ({ sort, size }) => {
      const pages = [];
      for (let next = `/users?sort=${sort}&page[size]=${size}`; next;) {
        const document = await send('GET', next);
        pages.push(jsona.deserialize(document).map((user) => user.username));
        next = document.links.next;
      }
      return pages;
    }),
    async include(username) {
      const [user] = await read('GET', `/users?include=roles&filter[username]=${username}`);
      return user.roles.map((role) => role.name);
    },
    async query({ usernames, sort }) {
      const users = await read('GET', `/users?sort=${sort}&filter[username]=${usernames}`);
      return users.map((user) => user.id);
    },
    create: (attributes) => read('POST', '/users', { type: 'users', ...attributes }),
    update: (id, attributes) => read('PATCH', `/users/${id}`, { type: 'users', id, ...attributes }),
    addRole: (id, role) => send('POST', roles(id), identifiers([role])),
    removeRole: (id, role) => send('DELETE', roles(id), identifiers([role])),
    replaceRoles: (id, list) => send(
      'PATCH', `/users/${id}`,
      { type: 'users', id, roles: identifiers(list), relationshipNames: ['roles'] },
    ),
    invalid: byHand('reads `errors` from the document: jsona ignores it', async (attributes) => {
      const { errors } = await refusal(send('POST', '/users', { type: 'users', ...attributes }));
      return Object.fromEntries(errors.map((error) => [error.meta.attribute, error.detail]));
    }),
    remove: (id) => send('DELETE', `/users/${id}`),
    statusOf: byHand('as for an invalid create', (problem) => problem.errors[0].status),
  };
}

matrix({
  client: 'jsona',
  version: npmVersion('jsona'),
  remarks: ['Builds and reads documents only; the requests were sent with `fetch`.'],
  connect,
});
