// What the clients generated for TypeScript do with the service: each hands over how.

import assert from 'node:assert/strict';

export const url = process.env.SERVICE_URL!;
export const token = process.env.SERVICE_TOKEN!;

export interface User {
  id: string;
  username?: string;
  surname?: string | null;
}

export interface Page {
  users: User[];
  count?: number | null;
}

export interface Client {
  /** Of these users a page in this order. */
  list(usernames: string[], sort: ('surname' | '-surname' | 'username')[], number: number, size: number): Promise<Page>;
  create(attributes: { username: string; password: string; surname: string }): Promise<User>;
  update(id: string, surname: string): Promise<User>;
  remove(id: string): Promise<void>;
  /** The status and the detail of the answer for a user who is not there. */
  missing(id: string): Promise<{ status?: number; detail?: string }>;
}

export async function run(name: string, client: Client): Promise<void> {
  const usernames = ['one', 'two', 'three'].map((word) => `${name}-${word}`);
  const made: User[] = [];
  for (const username of usernames) {
    made.push(await client.create({ username, password: 'correct-horse-7', surname: 'Doe' }));
  }
  assert.deepEqual(made.map(({ username }) => username), usernames);

  const names = async (number: number) => {
    const { users, count } = await client.list(usernames, ['-surname', 'username'], number, 2);
    assert.equal(count, 3);
    return users.map(({ username }) => username);
  };
  assert.deepEqual([await names(1), await names(2)], [[usernames[0], usernames[2]], [usernames[1]]]);

  const changed = await client.update(made[0].id, 'Zappa');
  assert.equal(changed.surname, 'Zappa');
  assert.equal(changed.username, usernames[0]);

  for (const { id } of made) await client.remove(id);
  const { status, detail } = await client.missing(made[0].id);
  assert.equal(status, 404);
  assert.match(detail ?? '', /no such resource/);
  console.log(`${name}: all steps passed`);
}
