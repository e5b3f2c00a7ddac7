-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_skeleton_in_trash ON users (username_skeleton) WHERE deleted_at IS NOT NULL;
