-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_username ON users (username, id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_uname ON users (uname, id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_external_id ON users (external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_username_living ON users (username) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_uname_living ON users (uname) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_external_id_living ON users (external_id)
  WHERE deleted_at IS NULL AND external_id IS NOT NULL;
