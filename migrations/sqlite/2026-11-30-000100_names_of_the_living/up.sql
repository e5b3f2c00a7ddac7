-- Names are unique among the living: one in the trash keeps its name, which is free.
-- The indexes behind the three UNIQUE constraints become plain ones where they are,
-- page for page. To make the table anew would copy it with all its indexes, and drop
-- the triggers of other migrations.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'username TEXT NOT NULL UNIQUE,', 'username TEXT NOT NULL,'),
    'uname TEXT NOT NULL UNIQUE,', 'uname TEXT NOT NULL,'),
    'external_id TEXT UNIQUE,', 'external_id TEXT,')
  WHERE type = 'table' AND name = 'users';
UPDATE sqlite_schema
  SET name = 'users_username', sql = 'CREATE INDEX users_username ON users (username)'
  WHERE name = 'sqlite_autoindex_users_1';
UPDATE sqlite_schema
  SET name = 'users_uname', sql = 'CREATE INDEX users_uname ON users (uname)'
  WHERE name = 'sqlite_autoindex_users_2';
UPDATE sqlite_schema
  SET name = 'users_external_id', sql = 'CREATE INDEX users_external_id ON users (external_id)'
  WHERE name = 'sqlite_autoindex_users_3';
PRAGMA writable_schema = RESET;

CREATE UNIQUE INDEX users_username_key ON users (username) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_uname_key ON users (uname) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_external_id_key ON users (external_id)
  WHERE deleted_at IS NULL AND external_id IS NOT NULL;
