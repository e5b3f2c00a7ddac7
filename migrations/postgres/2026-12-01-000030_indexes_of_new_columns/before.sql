-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS grants_ending ON grants (valid_until) WHERE valid_until IS NOT NULL AND NOT end_told;
CREATE INDEX CONCURRENTLY IF NOT EXISTS tokens_sign_in ON tokens (sign_in_id) WHERE sign_in_id IS NOT NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_username_folded ON users (username_folded) WHERE deleted_at IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_username_skeleton ON users (username_skeleton) WHERE deleted_at IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_uname_skeleton ON users (uname_skeleton) WHERE deleted_at IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_without_skeleton ON users (id) WHERE username_skeleton IS NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_without_search_text ON users (id) WHERE search_text IS NULL;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_ldap_id_key ON users (ldap_id) WHERE ldap_id IS NOT NULL;
