// A client of the service with nothing but fetch: it starts at one address and follows the links of the answers.
// What one signs in with stays in this module's memory: no cookie, no storage.

const MEDIA_TYPE = 'application/vnd.api+json';

const form = document.querySelector('#sign-in');
const problems = document.querySelector('#problems');
const people = document.querySelector('#people');
const users = document.querySelector('#users');
const position = document.querySelector('#position');
const signOutButton = document.querySelector('#sign-out');
const buttons = { prev: document.querySelector('#prev'), next: document.querySelector('#next') };

/** `{ authorization, origin }` while somebody is signed in. */
let session = null;

// ---- talking to the service

/** What the service answered instead of data. */
class Refusal extends Error {
  constructor(status, errors) {
    super(errors.map(describe).join('\n') || `The service answered with status ${status}.`);
    this.status = status;
  }
}

function describe(error) {
  const place = error.source?.pointer ?? error.source?.parameter ?? error.source?.header;
  const text = [error.title, error.detail].filter(Boolean).join(': ') || `Status ${error.status}`;
  return place ? `${text} (${place})` : text;
}

/** Fetches the document at a link. Credentials go to the service's own origin only, wherever a link leads. */
async function read(link) {
  const url = new URL(typeof link === 'string' ? link : link.href);
  if (url.origin !== session.origin) throw new Error(`The link leads to another server: ${url.origin}`);
  let answer;
  try {
    answer = await fetch(url, {
      headers: { Accept: MEDIA_TYPE, Authorization: session.authorization },
      // Otherwise the browser asks for a password itself when one is refused.
      credentials: 'omit',
      redirect: 'error',
    });
  } catch {
    throw new Error(`No answer from ${url.origin}. Is it running, and does ROLECALL_CORS_ORIGINS hold ${location.origin}?`);
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, body.errors ?? []);
  return body;
}

function authorizationFrom(fields) {
  if (fields.get('scheme') === 'bearer') return `Bearer ${fields.get('token').trim()}`;
  const bytes = new TextEncoder().encode(`${fields.get('username')}:${fields.get('password')}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

// ---- showing what came back; always as text, never as markup

function show(answer) {
  users.replaceChildren(...answer.data.map(userRow));
  for (const [name, button] of Object.entries(buttons)) {
    const link = answer.links?.[name];
    button.disabled = !link;
    button.onclick = () => attempt(() => open(link));
  }
  const { count, page, page_count: pages } = answer.meta?.pagination ?? {};
  position.textContent = pages === undefined ? '' : `Page ${page} of ${pages}, ${count} users`;
}

function userRow(user) {
  const { username, name, surname, email, is_active: isActive } = user.attributes;
  const texts = [
    username,
    [name, surname].filter(Boolean).join(' '),
    email,
    isActive === false ? 'no' : 'yes',
  ];
  const row = element('tr');
  row.append(...texts.map((text) => element('td', text ?? '')), rolesCell(user));
  return row;
}

/** Roles are fetched when somebody asks, from the address that the user's own relationship names. */
function rolesCell(user) {
  const cell = element('td');
  const related = user.relationships?.roles?.links?.related;
  if (!related) return cell;
  const button = element('button', 'Show');
  button.type = 'button';
  button.setAttribute('aria-label', `Show the roles of ${user.attributes.username}`);
  button.onclick = () => attempt(async () => {
    button.disabled = true;
    try {
      cell.replaceChildren(roleList(await readAll(related)));
    } finally {
      button.disabled = false;
    }
  });
  cell.append(button);
  return cell;
}

async function readAll(link) {
  const found = [];
  for (let next = link; next;) {
    const answer = await read(next);
    found.push(...answer.data);
    next = answer.links?.next;
  }
  return found;
}

function roleList(roles) {
  if (roles.length === 0) return element('span', 'none');
  const list = element('ul');
  list.className = 'roles';
  list.append(...roles.map((role) => element('li', role.attributes.label || role.attributes.name)));
  return list;
}

function element(tag, text) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---- what a person does

async function open(link) {
  show(await read(link));
  form.hidden = true;
  people.hidden = false;
  signOutButton.hidden = false;
}

function signOut() {
  session = null;
  users.replaceChildren();
  people.hidden = true;
  signOutButton.hidden = true;
  form.hidden = false;
}

/** Runs an action and shows what went wrong with it. A credential that is refused signs out. */
async function attempt(action) {
  problems.hidden = true;
  try {
    await action();
  } catch (problem) {
    if (problem instanceof Refusal && problem.status === 401) signOut();
    problems.replaceChildren(...problem.message.split('\n').map((line) => element('p', line)));
    problems.hidden = false;
  }
}

form.addEventListener('change', () => {
  const scheme = new FormData(form).get('scheme');
  for (const label of form.querySelectorAll('[data-scheme]')) {
    const wanted = label.dataset.scheme === scheme;
    label.hidden = !wanted;
    label.querySelector('input').disabled = !wanted;
  }
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(async () => {
    const fields = new FormData(form);
    const service = fields.get('service').replace(/\/+$/, '');
    session = { authorization: authorizationFrom(fields), origin: new URL(service).origin };
    await open(`${service}/users?page%5Bsize%5D=10&sort=username`);
    // The fields' default values, so that nothing secret stays in them.
    form.reset();
    form.dispatchEvent(new Event('change'));
    form.elements.service.value = service;
  });
});

signOutButton.addEventListener('click', signOut);
