-- Names are unique among the living: one in the trash keeps its name, which is free.
-- Under other names until the constraints are gone.
CREATE INDEX IF NOT EXISTS users_username ON users (username, id);
CREATE INDEX IF NOT EXISTS users_uname ON users (uname, id);
CREATE INDEX IF NOT EXISTS users_external_id ON users (external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_username_living ON users (username) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_uname_living ON users (uname) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_external_id_living ON users (external_id)
  WHERE deleted_at IS NULL AND external_id IS NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_username_key;
ALTER TABLE users DROP CONSTRAINT users_uname_key;
ALTER TABLE users DROP CONSTRAINT users_external_id_key;
ALTER INDEX users_username_living RENAME TO users_username_key;
ALTER INDEX users_uname_living RENAME TO users_uname_key;
ALTER INDEX users_external_id_living RENAME TO users_external_id_key;
