-- What the program makes of names to tell which differ in case alone and which
-- look alike; see docs/reference/names.md. It fills in what is NULL when it starts.
-- Of living users that differ in case alone from before, one has a folded name.
ALTER TABLE users ADD COLUMN username_folded TEXT COLLATE "C";
ALTER TABLE users ADD COLUMN username_skeleton TEXT COLLATE "C";
ALTER TABLE users ADD COLUMN uname_skeleton TEXT COLLATE "C";
ALTER TABLE roles ADD COLUMN name_skeleton TEXT COLLATE "C";
CREATE INDEX roles_name_skeleton ON roles (name_skeleton);

-- What only the processes of this directory know, made once.
CREATE TABLE secrets (
  name TEXT COLLATE "C" PRIMARY KEY NOT NULL,
  value TEXT COLLATE "C" NOT NULL
);
-- Seals the versions of linkage in entity tags: they are made of all members, also
-- of those that not everybody sees.
INSERT INTO secrets (name, value) VALUES ('linkage', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));
