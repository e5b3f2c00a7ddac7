-- The peers' tables, filled from rolecall's in the schema "source". They have what a
-- peer needs for the requests that are measured, and the same indexes for these.
CREATE TABLE users (
  id INTEGER PRIMARY KEY NOT NULL,
  username TEXT NOT NULL UNIQUE,
  uname TEXT NOT NULL UNIQUE,
  name TEXT,
  surname TEXT,
  full_name TEXT,
  email TEXT,
  position TEXT,
  organization TEXT,
  time_zone TEXT,
  is_active BOOLEAN NOT NULL,
  is_staff BOOLEAN NOT NULL,
  external BOOLEAN NOT NULL,
  last_login TEXT,
  created_by INTEGER,
  modified_by INTEGER,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
);
INSERT INTO users
  SELECT id, username, uname, name, surname, full_name, email, position, organization, time_zone,
    is_active, is_staff, external, last_login, created_by, modified_by, created, modified
  FROM source.users;
CREATE INDEX users_surname ON users (surname, id);

CREATE TABLE roles (
  id INTEGER PRIMARY KEY NOT NULL,
  name TEXT NOT NULL UNIQUE,
  label TEXT,
  description TEXT,
  scope TEXT NOT NULL,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
);
INSERT INTO roles SELECT id, name, label, description, scope, created, modified FROM source.roles;

CREATE TABLE user_roles (
  id INTEGER PRIMARY KEY NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id),
  role_id INTEGER NOT NULL REFERENCES roles (id)
);
INSERT INTO user_roles SELECT id, user_id, role_id FROM source.grants
  WHERE workspace_id IS NULL AND cluster_id IS NULL;
CREATE UNIQUE INDEX user_roles_user ON user_roles (user_id, role_id);
CREATE INDEX user_roles_role ON user_roles (role_id, user_id);

CREATE TABLE tokens (
  hash TEXT PRIMARY KEY NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id)
);
INSERT INTO tokens SELECT hash, user_id FROM source.tokens;
