-- What is in the trash, in the order of the ids. One pass over the table, and
-- hardly a row goes in: not worth building it concurrently.
CREATE INDEX users_trash ON users (id) WHERE deleted_at IS NOT NULL;
