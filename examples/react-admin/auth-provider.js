// Signs in with a username and a password, which stay in this module's memory: reloading the page signs out.

/** `{ authorization, user }` while somebody is signed in. */
let session = null;

export const authorization = () => session?.authorization ?? '';

function basic(username, password) {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

export const authProvider = (service) => ({
  async login({ username, password }) {
    const authorization = basic(username, password);
    const headers = { Accept: 'application/vnd.api+json', Authorization: authorization };
    const answer = await fetch(`${service}/auth/user`, { headers, credentials: 'omit' });
    const { data, errors } = await answer.json();
    if (!answer.ok) throw new Error(errors?.[0]?.detail ?? answer.statusText);
    session = { authorization, user: data };
  },
  async logout() {
    session = null;
  },
  async checkAuth() {
    if (!session) throw new Error('');
  },
  async checkError({ status }) {
    if (status !== 401) return;
    session = null;
    throw new Error('');
  },
  async getIdentity() {
    const { id, attributes } = session.user;
    return { id, fullName: attributes.username };
  },
});
