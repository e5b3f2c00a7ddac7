// @warp-drive/json-api (formerly @ember-data/json-api): a cache for documents. Its development build, which node finds
// with --conditions=unpkg-dev, checks every document that it is given and prints what it does not like.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkout, withDefaults } from '@warp-drive/core/reactive';
import { recordIdentifierFor, useRecommendedStore } from '@warp-drive/core';
import { setupSignals } from '@warp-drive/core/configure';
import { JSONAPICache } from '@warp-drive/json-api';
import {
  createRecord, deleteRecord, findRecord, query, serializePatch, setBuildURLConfig, updateRecord,
} from '@warp-drive/utilities/json-api';
import { ADMIN, basic } from './support/server.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { refusal } from './support/refusal.mjs';
import { npmVersion } from './support/version.mjs';

// Nothing is rendered here, so nothing has to know of changes.
setupSignals(() => ({
  createSignal: () => ({}),
  consumeSignal() {},
  notifySignal() {},
  createMemo: (object, key, compute) => compute,
  willSyncFlushWatchers: () => false,
  waitFor: (promise) => promise,
}));

const complaints = [];
const { log: print } = console;
// Version 5.8.2 prints its warnings whether they apply or not; the second word says that all is well.
console.warn = (text, isWell) => {
  if (isWell !== true) complaints.push(text);
};
console.log = (...words) => {
  if (/found in the {json:api} document/.test(words[0])) {
    // Below each line that it does not like it writes: ^~~~ // what is wrong
    for (const [, name, text] of words[0].matchAll(/"(\w+)": .*\n[^"\n]*\^~*[^"\n]*\/\/(?:%c)* (.*)$/gm)) {
      complaints.push(`${name}: ${text}`);
    }
  } else {
    print(...words);
  }
};

/** A schema that names each attribute and relationship with which the service answers. */
async function describeTypes(url, headers) {
  const read = async (path) => (await (await fetch(url + path, { headers })).json()).data;
  const [user, role] = [await read('/users/1'), await read('/roles/1')];
  user.attributes.password = null;
  return (included) => [user, role].map(({ type, attributes, relationships }) => withDefaults({
    type,
    fields: [
      ...Object.keys(attributes).map((name) => ({ kind: 'field', name })),
      // A relationship that is not asynchronous must come with its data in every document.
      ...Object.keys(relationships).map((name) => ({
        kind: 'hasMany', name, type: name,
        options: `${type}.${name}` === included
          ? { async: false, inverse: null, linksMode: true }
          : { async: true, inverse: null },
      })),
    ],
  }));
}

async function connect({ url, credentials }) {
  const authorization = { Authorization: basic(credentials) };
  setBuildURLConfig({ host: url, namespace: '' });
  const types = credentials === ADMIN ? await describeTypes(url, authorization) : () => [];
  const open = (included) => new (useRecommendedStore({
    cache: JSONAPICache,
    schemas: types(included),
    handlers: [{
      request({ request }, next) {
        const headers = new Headers(request.headers);
        headers.set('Authorization', authorization.Authorization);
        if (request.body) headers.set('Content-Type', 'application/vnd.api+json');
        return next({ ...request, headers });
      },
    }],
  }))();
  const store = open();
  const fresh = { reload: true };

  const find = async (parameters, from = store) => {
    const { content } = await from.request(query('users', parameters, { ...fresh }));
    return content;
  };
  const one = async (id) => {
    const { content } = await store.request(findRecord('users', id, fresh));
    return content.data;
  };
  const save = (record, builder, options) => {
    const document = serializePatch(store.cache, recordIdentifierFor(record));
    return store.request({ ...builder(record, options), body: JSON.stringify(document) });
  };
  const note = 'it has no builder for relationship addresses: sent with its request manager, without the cache';
  const linkage = (method) => byHand(note, (id, roles) => store.requestManager.request({
    url: `${url}/users/${id}/relationships/roles`,
    method,
    body: JSON.stringify({ data: [roles].flat().map((role) => ({ type: 'roles', id: role })) }),
  }));
  const create = async (attributes) => {
    const record = store.createRecord('users', attributes);
    await save(record, createRecord);
    return record;
  };

  return {
    list: async ({ size }) => [...(await find({ 'page[size]': size })).data],
    async pages({ sort, size }) {
      let page = await find({ sort, 'page[size]': size });
      const pages = [page];
      while (page.links.next) {
        page = await page.next();
        pages.push(page);
      }
      return pages.map(({ data }) => data.map(({ username }) => username));
    },
    async include(username) {
      const { data } = await find({ include: 'roles', 'filter[username]': username }, open('users.roles'));
      return data[0].roles.map(({ name }) => name);
    },
    async query({ usernames, sort }) {
      const { data } = await find({ sort, 'filter[username]': usernames });
      return data.map(({ id }) => id);
    },
    create,
    async update(id, attributes) {
      const record = await checkout(await one(id));
      Object.assign(record, attributes);
      await save(record, updateRecord, { patch: true });
      return one(id);
    },
    addRole: linkage('POST'),
    removeRole: linkage('DELETE'),
    replaceRoles: linkage('PATCH'),
    async invalid(attributes) {
      const { errors } = await refusal(create(attributes));
      return Object.fromEntries(errors.map((error) => [error.meta.attribute, error.detail]));
    },
    async remove(id) {
      const record = await one(id);
      store.deleteRecord?.(record);
      await store.request(deleteRecord(record));
    },
    statusOf: (problem) => problem.status,
  };
}

matrix({
  client: '@warp-drive/json-api',
  version: npmVersion('@warp-drive/json-api'),
  remarks: [
    'The schema must name every attribute and relationship that the service answers with.',
    'Its development build warns of `links.home` in every document, a deliberate departure of rolecall, and of `links.describedby`, which is part of JSON:API 1.1 but not known to it yet; of nothing else.',
  ],
  connect,
  also() {
    it('has nothing to say against the documents, but for links.home and links.describedby', () => {
      assert.ok(complaints.length > 0, 'the linter did not run');
      assert.deepEqual(complaints.filter((line) => !/^(home|describedby): Unrecognized top-level link/.test(line)), []);
    });
  },
});
