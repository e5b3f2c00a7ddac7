-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_trash ON users (id) WHERE deleted_at IS NOT NULL;
