// json-api-nestjs-sdk: classes name types and addresses; its own server counts pages in `meta` under other names.

import axios from 'axios';
import sdk from 'json-api-nestjs-sdk';
import { byHand, matrix } from './support/steps.mjs';
import { refusal } from './support/refusal.mjs';
import { npmVersion } from './support/version.mjs';

class Users {}
class Roles {}

function connect({ url, credentials }) {
  const http = axios.create({ auth: credentials });
  let pageNames = false;
  http.interceptors.response.use((answer) => {
    const pagination = pageNames && answer.data?.meta?.pagination;
    if (pagination) {
      Object.assign(answer.data.meta, {
        totalItems: pagination.count, pageNumber: pagination.page, pageSize: pagination.page_size,
      });
    }
    return answer;
  });

  // JsonApiJs keeps one client for the whole program; its parts make as many as are asked for.
  const config = { apiHost: url, idKey: 'id', idIsNumber: false, dateFields: ['created', 'modified'] };
  const service = new sdk.JsonApiSdkService(sdk.adapterForAxios(http), new sdk.JsonApiUtilsService(config), config);
  const promise = (observable) => new Promise((resolve, reject) => {
    let last;
    observable.subscribe({ next: (value) => { last = value; }, error: reject, complete: () => resolve(last) });
  });
  const user = (id, more) => Object.assign(new Users(), id && { id }, more);
  const withRoles = (id, roles) => user(id, { roles: roles.map((role) => Object.assign(new Roles(), { id: role })) });

  return {
    list: ({ size }) => promise(service.getList(Users, { page: { number: 1, size } })),
    pages: byHand(
      'it looks for `meta.totalItems` and follows no links: an interceptor of axios copies them from `meta.pagination`',
      async ({ sort, size }) => {
        pageNames = true;
        const pages = [];
        const all = service.getAll(Users, { sort: { target: { [sort]: 'ASC' } }, page: { number: 1, size } });
        await new Promise((resolve, reject) => {
          all.subscribe({ next: (page) => pages.push(page), error: reject, complete: resolve });
        });
        pageNames = false;
        return pages.map((users) => users.map(({ username }) => username));
      },
    ),
    async include(username) {
      const filter = { target: { username: { eq: username } } };
      const [found] = await promise(service.getList(Users, { include: ['roles'], filter }));
      return found.roles.map((role) => role.name);
    },
    async query({ usernames, sort }) {
      const users = await promise(service.getList(Users, {
        sort: { target: { [sort.slice(1)]: 'DESC' } },
        filter: { target: { username: { in: usernames } } },
      }));
      return users.map(({ id }) => id);
    },
    create: (attributes) => promise(service.postOne(user(null, attributes))),
    update: (id, attributes) => promise(service.patchOne(user(id, attributes))),
    addRole: (id, role) => promise(service.postRelationships(withRoles(id, [role]), 'roles')),
    removeRole: (id, role) => promise(service.deleteRelationships(withRoles(id, [role]), 'roles')),
    replaceRoles: (id, roles) => promise(service.patchRelationships(withRoles(id, roles), 'roles')),
    async invalid(attributes) {
      const { response } = await refusal(promise(service.postOne(user(null, attributes))));
      return Object.fromEntries(response.data.errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => promise(service.deleteOne(user(id))),
    statusOf: (problem) => problem.response.status,
  };
}

matrix({
  client: 'json-api-nestjs-sdk',
  version: npmVersion('json-api-nestjs-sdk'),
  remarks: ['Used with its adapter for axios: the one for `fetch` takes refusals for answers.'],
  connect,
});
