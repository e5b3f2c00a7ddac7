-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_of_partner ON users (partner_id, id);
