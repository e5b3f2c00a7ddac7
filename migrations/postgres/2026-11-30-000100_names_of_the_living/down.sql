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
ALTER TABLE users ADD CONSTRAINT users_username_key UNIQUE (username);
ALTER TABLE users ADD CONSTRAINT users_uname_key UNIQUE (uname);
ALTER TABLE users ADD CONSTRAINT users_external_id_key UNIQUE (external_id);
