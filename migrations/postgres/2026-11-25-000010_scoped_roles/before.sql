-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS grants_of_role ON grants (role_id, user_id);
