-- Renames users in the trash whose names somebody else has, and takes such external ids from them.
UPDATE users SET username = username || '+' || id, username_folded = NULL, username_skeleton = NULL
  WHERE deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM users AS other
    WHERE other.username = users.username AND other.id <> users.id);
UPDATE users SET uname = uname || '-' || id, uname_skeleton = NULL, username_skeleton = NULL
  WHERE deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM users AS other
    WHERE other.uname = users.uname AND other.id <> users.id);
UPDATE users SET external_id = NULL
  WHERE deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM users AS other
    WHERE other.external_id = users.external_id AND other.id <> users.id);
DROP INDEX users_external_id_key;
DROP INDEX users_uname_key;
DROP INDEX users_username_key;
DROP INDEX users_external_id;
DROP INDEX users_uname;
DROP INDEX users_username;
CREATE UNIQUE INDEX users_username ON users (username);
CREATE UNIQUE INDEX users_uname ON users (uname);
CREATE UNIQUE INDEX users_external_id ON users (external_id);
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET name = 'sqlite_autoindex_users_1', sql = NULL
  WHERE type = 'index' AND name = 'users_username';
UPDATE sqlite_schema SET name = 'sqlite_autoindex_users_2', sql = NULL
  WHERE type = 'index' AND name = 'users_uname';
UPDATE sqlite_schema SET name = 'sqlite_autoindex_users_3', sql = NULL
  WHERE type = 'index' AND name = 'users_external_id';
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'username TEXT NOT NULL,', 'username TEXT NOT NULL UNIQUE,'),
    'uname TEXT NOT NULL,', 'uname TEXT NOT NULL UNIQUE,'),
    'external_id TEXT,', 'external_id TEXT UNIQUE,')
  WHERE type = 'table' AND name = 'users';
PRAGMA writable_schema = RESET;
