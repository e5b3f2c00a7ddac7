-- Names are unique among the living: one in the trash keeps its name, which is free.
ALTER TABLE users DROP CONSTRAINT users_username_key;
ALTER TABLE users DROP CONSTRAINT users_uname_key;
ALTER TABLE users DROP CONSTRAINT users_external_id_key;
CREATE INDEX users_username ON users (username, id);
CREATE INDEX users_uname ON users (uname, id);
CREATE INDEX users_external_id ON users (external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX users_username_key ON users (username) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_uname_key ON users (uname) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_external_id_key ON users (external_id)
  WHERE deleted_at IS NULL AND external_id IS NOT NULL;
