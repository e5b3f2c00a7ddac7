-- What is in the trash, in the order of the ids: few rows among many, which
-- else are all looked at.
CREATE INDEX users_trash ON users (id) WHERE deleted_at IS NOT NULL;
