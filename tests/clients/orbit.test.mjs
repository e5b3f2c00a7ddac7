// @orbit/jsonapi: a source of Orbit's. Records have ids of its own making; a key map ties them to those of the service.

import orbit from '@orbit/jsonapi';
import orbitRecords from '@orbit/records';
import { basic } from './support/server.mjs';
import { matrix } from './support/steps.mjs';
import { refusal } from './support/refusal.mjs';
import { npmVersion } from './support/version.mjs';

const { JSONAPISource, JSONAPISerializers } = orbit;
const { RecordSchema, RecordKeyMap } = orbitRecords;

const string = { type: 'string' };
const models = {
  user: {
    keys: { remoteId: {} },
    attributes: { username: string, password: string, name: string, surname: string },
    relationships: { roles: { kind: 'hasMany', type: 'role' } },
  },
  role: { keys: { remoteId: {} }, attributes: { name: string } },
};

function connect({ url, credentials }) {
  const schema = new RecordSchema({ models });
  const keyMap = new RecordKeyMap();
  const plural = {
    serializationOptions: { inflectors: ['pluralize'] },
    deserializationOptions: { inflectors: ['singularize'] },
  };
  const source = new JSONAPISource({
    schema,
    keyMap,
    host: url,
    defaultFetchSettings: { headers: { Authorization: basic(credentials) } },
    serializerSettingsFor: (type) => (type === JSONAPISerializers.ResourceType ? plural : undefined),
  });

  /** The record that stands for a resource which Orbit may not have met. */
  function record(type, remoteId) {
    const id = keyMap.idFromKeys(type, { remoteId }) ?? schema.generateId(type);
    keyMap.pushRecord({ type, id, keys: { remoteId } });
    return { type, id };
  }
  const remoteId = ({ type, id }) => keyMap.idToKey(type, 'remoteId', id);
  const plain = (user) => ({ id: remoteId(user), ...user.attributes });
  const find = (options) => source.query((q) => q.findRecords('user'), { fullResponse: true, ...options });
  const asRole = (id) => record('role', id);

  return {
    async list({ size }) {
      const { data } = await find({ page: { size } });
      return data.map(plain);
    },
    async pages({ sort, size }) {
      let page = await find({ sort, page: { number: 1, size } });
      const pages = [page];
      for (let next; (next = page.details[0].document.links.next);) {
        page = await find({ url: next });
        pages.push(page);
      }
      return pages.map(({ data }) => data.map((user) => user.attributes.username));
    },
    async include(username) {
      const { data: [user], transforms } = await find({ include: ['roles'], filter: { username } });
      const records = new Map(transforms[0].operations.map((operation) => [operation.record.id, operation.record]));
      return user.relationships.roles.data.map(({ id }) => records.get(id).attributes.name);
    },
    async query({ usernames, sort }) {
      const { data } = await find({ sort, filter: { username: usernames.join() } });
      return data.map(remoteId);
    },
    create: async (attributes) => plain(await source.update((t) => t.addRecord({ type: 'user', attributes }))),
    update: async (id, attributes) => (
      plain(await source.update((t) => t.updateRecord({ ...record('user', id), attributes })))
    ),
    addRole: (id, role) => source.update((t) => t.addToRelatedRecords(record('user', id), 'roles', asRole(role))),
    removeRole: (id, role) => (
      source.update((t) => t.removeFromRelatedRecords(record('user', id), 'roles', asRole(role)))
    ),
    replaceRoles: (id, roles) => (
      source.update((t) => t.replaceRelatedRecords(record('user', id), 'roles', roles.map(asRole)))
    ),
    async invalid(attributes) {
      const { data } = await refusal(source.update((t) => t.addRecord({ type: 'user', attributes })));
      // A failed request stays at the head of the queue until somebody decides.
      await source.requestQueue.skip();
      return Object.fromEntries(data.errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => source.update((t) => t.removeRecord(record('user', id))),
    statusOf: (problem) => problem.data.errors[0].status,
  };
}

matrix({
  client: '@orbit/jsonapi',
  version: npmVersion('@orbit/jsonapi'),
  remarks: [
    'Models have a key (`remoteId`) for the id of the service; without one Orbit sends UUIDs of its own, which are refused with 403.',
    'Names of relationships are written with dashes in addresses, unless `ResourceFieldPath` is set otherwise.',
  ],
  connect,
});
