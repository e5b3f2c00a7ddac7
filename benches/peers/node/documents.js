// JSON:API documents by jsonapi-serializer.

import jsonapi from "jsonapi-serializer";

const ATTRIBUTES = [
  "username", "uname", "name", "surname", "full_name", "email", "position", "organization", "time_zone", "is_active",
  "is_staff", "external", "last_login", "created_by", "modified_by", "created", "modified",
];
const BOOLEANS = ["is_active", "is_staff", "external"];
const ROLE_ATTRIBUTES = ["name", "label", "description", "scope", "created", "modified"];

// SQLite has numbers for truth.
function plain(user) {
  for (const column of BOOLEANS) user[column] = Boolean(user[column]);
  return user;
}

function options(base, withRoles) {
  return {
    attributes: withRoles ? [...ATTRIBUTES, "roles"] : ATTRIBUTES,
    keyForAttribute: "underscore_case",
    pluralizeType: false,
    dataLinks: { self: (user) => `${base}/users/${user.id}` },
    roles: {
      ref: "id",
      included: true,
      attributes: ROLE_ATTRIBUTES,
      relationshipLinks: {
        self: (user) => `${base}/users/${user.id}/relationships/roles`,
        related: (user) => `${base}/users/${user.id}/roles`,
      },
      includedLinks: { self: (_, role) => `${base}/roles/${role.id}` },
    },
  };
}

export function documentOfUser(base, user) {
  const serializer = new jsonapi.Serializer("users", {
    ...options(base, false),
    topLevelLinks: { self: `${base}/users/${user.id}` },
  });
  return serializer.serialize(plain(user));
}

export function documentOfUsers(base, url, users, withRoles, { number, size, total }) {
  const pages = Math.max(1, Math.ceil(total / size));
  const at = (page) => {
    const address = new URL(url, base);
    address.searchParams.set("page[number]", page);
    return address.href;
  };
  const serializer = new jsonapi.Serializer("users", {
    ...options(base, withRoles),
    topLevelLinks: {
      self: new URL(url, base).href,
      first: at(1),
      last: at(pages),
      prev: number > 1 ? at(number - 1) : null,
      next: number < pages ? at(number + 1) : null,
    },
    meta: { pagination: { count: total, page: number, pages } },
  });
  return serializer.serialize(users.map(plain));
}
