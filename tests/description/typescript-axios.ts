// openapi-generator -g typescript-axios.

import { AxiosError } from 'axios';
import { Configuration, UsersApi, type Users } from './generated/axios/index.js';
import { run, token, url, type User } from './steps.js';

const api = new UsersApi(new Configuration({ basePath: url, accessToken: token }));

function plain({ id, attributes }: Users): User {
  return { id, username: attributes.username, surname: attributes.surname };
}

await run('typescript-axios', {
  async list(usernames, sort, pageNumber, pageSize) {
    const { data } = await api.listUsers({ filterUsername: usernames, sort, pageNumber, pageSize });
    return { users: data.data.map(plain), count: data.meta.pagination?.count };
  },
  async create(attributes) {
    const { data } = await api.createUsers({ usersNew: { data: { type: 'users', attributes } } });
    return plain(data.data);
  },
  async update(id, surname) {
    const { data } = await api.updateUsers({ id, usersChanges: { data: { type: 'users', id, attributes: { surname } } } });
    return plain(data.data);
  },
  async remove(id) {
    await api.deleteUsers({ id });
  },
  async missing(id) {
    const problem = await api.getUsers({ id }).catch((thrown: AxiosError<any>) => thrown);
    if (!(problem instanceof AxiosError)) throw new Error('it is there');
    return { status: problem.response?.status, detail: problem.response?.data.errors[0].detail };
  },
});
