// The data provider of examples/react-admin, in a page.

import { dataProvider } from '../../../examples/react-admin/data-provider.js';

const basic = ({ username, password }) => `Basic ${btoa(`${username}:${password}`)}`;

export function connect({ url, credentials }) {
  const provider = dataProvider(url, () => basic(credentials));
  const order = (sort) => (sort.startsWith('-') ? { field: sort.slice(1), order: 'DESC' } : { field: sort, order: 'ASC' });
  const first = (perPage) => ({ page: 1, perPage });
  const one = async (id) => (await provider.getOne('users', { id })).data;
  const save = async (id, change) => {
    const previousData = await one(id);
    const { data } = await provider.update('users', { id, data: { ...previousData, ...change(previousData) }, previousData });
    return data;
  };

  return {
    async list({ size }) {
      return (await provider.getList('users', { pagination: first(size) })).data;
    },
    async pages({ sort, size }) {
      const pages = [];
      for (let page = 1, total = 1; (page - 1) * size < total; page += 1) {
        const answer = await provider.getList('users', { pagination: { page, perPage: size }, sort: order(sort) });
        total = answer.total;
        pages.push(answer.data.map(({ username }) => username));
      }
      return pages;
    },
    async include(username) {
      const { data: [user] } = await provider.getList('users', { filter: { username }, meta: { include: ['roles'] } });
      const { data } = await provider.getMany('roles', { ids: user.roles });
      return data.map(({ name }) => name);
    },
    async query({ usernames, sort }) {
      const { data } = await provider.getList('users', { filter: { username: usernames }, sort: order(sort) });
      return data.map(({ id }) => id);
    },
    create: async (attributes) => (await provider.create('users', { data: attributes })).data,
    update: (id, attributes) => save(id, () => attributes),
    addRole: (id, role) => save(id, ({ roles }) => ({ roles: [...roles, role] })),
    removeRole: (id, role) => save(id, ({ roles }) => ({ roles: roles.filter((held) => held !== role) })),
    replaceRoles: (id, roles) => save(id, () => ({ roles })),
    async invalid(attributes) {
      const problem = await provider.create('users', { data: attributes }).then(() => null, (thrown) => thrown);
      return problem.body.errors;
    },
    remove: (id) => provider.delete('users', { id }),
    statusOf: (problem) => problem.status,
  };
}
