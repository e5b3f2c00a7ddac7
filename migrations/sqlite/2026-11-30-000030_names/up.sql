-- What the program makes of names to tell which differ in case alone and which
-- look alike; see docs/reference/names.md. It fills in what is NULL when it starts.
-- Of living users that differ in case alone from before, one has a folded name.
ALTER TABLE users ADD COLUMN username_folded TEXT;
ALTER TABLE users ADD COLUMN username_skeleton TEXT;
ALTER TABLE users ADD COLUMN uname_skeleton TEXT;
ALTER TABLE roles ADD COLUMN name_skeleton TEXT;
CREATE UNIQUE INDEX users_username_folded ON users (username_folded) WHERE deleted_at IS NULL;
CREATE INDEX users_username_skeleton ON users (username_skeleton) WHERE deleted_at IS NULL;
CREATE INDEX users_uname_skeleton ON users (uname_skeleton) WHERE deleted_at IS NULL;
CREATE INDEX users_without_skeleton ON users (id) WHERE username_skeleton IS NULL;
CREATE INDEX roles_name_skeleton ON roles (name_skeleton);

-- What only the processes of this directory know, made once.
CREATE TABLE secrets (
  name TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
);
-- Seals the versions of linkage in entity tags: they are made of all members, also
-- of those that not everybody sees.
INSERT INTO secrets (name, value) VALUES ('linkage', lower(hex(randomblob(32))));
