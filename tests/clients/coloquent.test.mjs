// coloquent: models as in Eloquent; the address and the client for HTTP are those of all models of a program.

import axios from 'axios';
import coloquent from 'coloquent';
import { AxiosHttpClient } from 'coloquent/dist/httpclient/axios/AxiosHttpClient.js';
import { refusal } from './support/refusal.mjs';
import { byHand, matrix } from './support/steps.mjs';
import { npmVersion } from './support/version.mjs';

const { Model } = coloquent;
const MEDIA_TYPE = 'application/vnd.api+json';

function connect({ url, credentials }) {
  const api = axios.create({ auth: credentials, headers: { Accept: MEDIA_TYPE, 'Content-Type': MEDIA_TYPE } });

  class Role extends Model {
    jsonApiType = 'roles';

    getJsonApiBaseUrl() {
      return url;
    }
  }

  class User extends Model {
    jsonApiType = 'users';
    static pageSize = 100;
    static paginationPageNumberParamName = 'page[number]';
    static paginationPageSizeParamName = 'page[size]';

    getJsonApiBaseUrl() {
      return url;
    }

    roles() {
      return this.hasMany(Role);
    }
  }

  // Before each request: another connection may have set another.
  const ready = () => {
    Model.setHttpClient(new AxiosHttpClient(api));
    Model.getHttpClient().setBaseUrl(url);
    return User;
  };
  const sorted = (query, sort) => query.orderBy(sort.replace(/^-/, ''), sort.startsWith('-') ? 'desc' : 'asc');
  const plain = (user) => ({ id: user.getApiId(), ...user.getAttributes() });
  const made = (attributes) => {
    ready();
    const user = new User();
    for (const [name, value] of Object.entries(attributes)) user.setAttribute(name, value);
    return user;
  };
  const withId = (id) => {
    const user = made({});
    user.setApiId(id);
    return user;
  };
  const one = async (id) => (await ready().with('roles').find(id)).getData();
  const save = async (id, change) => {
    const user = withId(id);
    const held = (await one(id)).getRelation('roles') ?? [];
    const roles = change(held.map((role) => role.getApiId())).map((role) => {
      const model = new Role();
      model.setApiId(role);
      return model;
    });
    user.setRelation('roles', roles);
    await user.save();
  };
  const wholeList = 'it knows no relationship addresses: the user is saved with the whole list of roles';

  return {
    async list() {
      return (await ready().get()).getData().map(plain);
    },
    pages: byHand('it follows no links: counts to `meta.pagination.page_count`', async ({ sort, size }) => {
      User.pageSize = size;
      try {
        const pages = [];
        for (let page = 1, last = 1; page <= last; page += 1) {
          const answer = await sorted(ready().query(), sort).get(page);
          last = answer.getHttpClientResponse().getData().meta.pagination.page_count;
          pages.push(answer.getData().map((user) => user.getAttribute('username')));
        }
        return pages;
      } finally {
        User.pageSize = 100;
      }
    }),
    async include(username) {
      const [user] = (await ready().where('username', username).with('roles').get()).getData();
      return user.getRelation('roles').map((role) => role.getAttribute('name'));
    },
    async query({ usernames, sort }) {
      const users = await sorted(ready().where('username', usernames.join()), sort).get();
      return users.getData().map((user) => user.getApiId());
    },
    async create(attributes) {
      return plain((await made(attributes).save()).getModel());
    },
    async update(id, attributes) {
      const user = withId(id);
      for (const [name, value] of Object.entries(attributes)) user.setAttribute(name, value);
      return plain((await user.save()).getModel());
    },
    addRole: byHand(wholeList, (id, role) => save(id, (held) => [...held, role])),
    removeRole: byHand(wholeList, (id, role) => save(id, (held) => held.filter((other) => other !== role))),
    replaceRoles: (id, roles) => save(id, () => roles),
    async invalid(attributes) {
      const problem = await refusal(made(attributes).save());
      return Object.fromEntries(problem.response.data.errors.map((error) => [error.meta.attribute, error.detail]));
    },
    remove: (id) => withId(id).delete(),
    statusOf: (problem) => problem.message.match(/\d{3}/)[0],
  };
}

matrix({
  client: 'coloquent',
  version: npmVersion('coloquent'),
  remarks: [
    'An empty list of roles is never sent, so the last role cannot be removed.',
    'Refused reads are an `Error` with a text only.',
  ],
  connect,
});
