-- What is in the trash, in the order of the ids.
CREATE INDEX IF NOT EXISTS users_trash ON users (id) WHERE deleted_at IS NOT NULL;
