// A data provider of react-admin for rolecall. A record is flat: the id, the attributes, and of each relationship whose
// linkage was sent the id or the ids.

import { HttpError } from 'react-admin';

const MEDIA_TYPE = 'application/vnd.api+json';

/** Ids that go into one address. */
const IDS = 50;

/** What forms change, by resource: the name of each relationship, and the type that it leads to. */
const RELATIONSHIPS = {
  users: { roles: 'roles', partner: 'partners' },
  roles: { includes: 'roles' },
  clusters: { workspace: 'workspaces' },
  partners: { clusters: 'clusters' },
  grants: { user: 'users', role: 'roles', workspace: 'workspaces', cluster: 'clusters' },
};

/** `service`: the address of rolecall; `authorization()`: the value of the header. */
export function dataProvider(service, authorization) {
  async function send(path, { method = 'GET', query, document, signal } = {}) {
    const url = new URL(`${service.replace(/\/$/, '')}/${path}`);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, value);
    }
    const answer = await fetch(url, {
      method,
      signal,
      headers: {
        Accept: MEDIA_TYPE,
        Authorization: authorization(),
        // Without a charset: JSON:API knows no such parameter, and the answer would be 415.
        ...(document && { 'Content-Type': MEDIA_TYPE }),
      },
      body: document && JSON.stringify(document),
      // Otherwise the browser asks for a password itself when one is refused.
      credentials: 'omit',
    });
    const body = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (!answer.ok) throw refusal(answer, body);
    return body;
  }

  async function list(path, { pagination, sort, filter, meta, signal }) {
    const document = await send(path, {
      signal,
      query: {
        'page[number]': pagination?.page,
        'page[size]': pagination?.perPage,
        sort: sort?.field && (sort.order === 'DESC' ? `-${sort.field}` : sort.field),
        include: meta?.include?.join(),
        ...filters(filter),
      },
    });
    return {
      data: document.data.map(record),
      total: document.meta.total ?? document.meta.pagination.count,
    };
  }

  async function many(resource, ids, signal) {
    const parts = [];
    for (let from = 0; from < ids.length; from += IDS) parts.push(ids.slice(from, from + IDS));
    const pages = await Promise.all(parts.map((part) => (
      send(resource, { signal, query: { 'filter[id]': part.join(), 'page[size]': part.length } })
    )));
    return pages.flatMap(({ data }) => data.map(record));
  }

  const one = (resource) => ({ include: Object.keys(RELATIONSHIPS[resource] ?? {}).join() });
  const remove = (resource, id) => send(`${resource}/${id}`, { method: 'DELETE' });
  const change = (resource, id, data, known) => send(`${resource}/${id}`, {
    method: 'PATCH',
    query: one(resource),
    document: { data: { type: resource, id: String(id), ...members(resource, changed(data, known)) } },
  });

  return {
    supportAbortSignal: true,
    getList: (resource, params) => list(resource, params),
    /** `target` is where the other record is: `roles`, with `id`, for the users of a role. */
    getManyReference: (resource, { target, id, ...params }) => list(`${target}/${id}/${resource}`, params),
    async getOne(resource, { id, signal }) {
      const { data } = await send(`${resource}/${id}`, { query: one(resource), signal });
      return { data: record(data) };
    },
    async getMany(resource, { ids, signal }) {
      return { data: await many(resource, ids, signal) };
    },
    async create(resource, { data }) {
      const given = Object.entries(data).filter(([, value]) => value !== null && value !== undefined);
      const document = { data: { type: resource, ...members(resource, Object.fromEntries(given)) } };
      const created = await send(resource, { method: 'POST', query: one(resource), document });
      return { data: record(created.data) };
    },
    async update(resource, { id, data, previousData }) {
      const updated = await change(resource, id, data, previousData);
      return { data: record(updated.data) };
    },
    async updateMany(resource, { ids, data }) {
      await Promise.all(ids.map((id) => change(resource, id, data)));
      return { data: ids };
    },
    async delete(resource, { id, previousData }) {
      await remove(resource, id);
      return { data: previousData ?? { id } };
    },
    async deleteMany(resource, { ids }) {
      await Promise.all(ids.map((id) => remove(resource, id)));
      return { data: ids };
    },
  };
}

function record({ id, attributes, relationships = {} }) {
  const linked = Object.entries(relationships)
    .filter(([, relationship]) => 'data' in relationship)
    .map(([name, { data }]) => [name, Array.isArray(data) ? data.map((item) => item.id) : (data?.id ?? null)]);
  return { ...attributes, ...Object.fromEntries(linked), id };
}

/** Only what a form has changed; everything where nobody knows what was there before. */
function changed(data, known = {}) {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  return Object.fromEntries(Object.entries(data).filter(([name, value]) => !same(value, known[name])));
}

/** Attributes and relationships of a document. */
function members(resource, { id, ...record }) {
  const types = RELATIONSHIPS[resource] ?? {};
  const attributes = {};
  const relationships = {};
  for (const [name, value] of Object.entries(record)) {
    if (!(name in types)) {
      attributes[name] = value;
      continue;
    }
    const identifier = (id) => ({ type: types[name], id: String(id) });
    const data = Array.isArray(value) ? value.map(identifier) : value && identifier(value);
    relationships[name] = { data };
  }
  return { attributes, ...(Object.keys(relationships).length > 0 && { relationships }) };
}

/** `{ q, username: 'x', created: { ge: '2026-01-01' } }`: `q` searches, a list of values is one of these. */
function filters(filter = {}) {
  const query = {};
  for (const [name, value] of Object.entries(filter)) {
    if (name === 'q') {
      query.q = value;
    } else if (value?.constructor === Object) {
      for (const [operator, operand] of Object.entries(value)) query[`filter[${name}][${operator}]`] = String(operand);
    } else {
      query[`filter[${name}]`] = String(value ?? '');
    }
  }
  return query;
}

/** Forms show each error at its field; what belongs to none is shown as a message. */
function refusal({ status, statusText }, { errors: problems = [] }) {
  const message = problems.map(({ detail, title }) => detail ?? title).join('\n') || statusText || `Status ${status}`;
  const fields = problems.filter(({ meta }) => meta?.attribute);
  if (fields.length === 0) return new HttpError(message, status, { problems });
  const errors = Object.fromEntries(fields.map(({ meta, detail }) => [meta.attribute, meta.message ?? detail]));
  const others = problems.filter(({ meta }) => !meta?.attribute).map(({ detail }) => detail);
  if (others.length > 0) errors.root = { serverError: others.join('\n') };
  return new HttpError(message, status, { errors, problems });
}
