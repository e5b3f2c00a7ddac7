-- Indexes of columns that earlier migrations add: an index is built beside the
-- service when its column is there. Those migrations made them themselves once,
-- so a database may have them.
CREATE INDEX IF NOT EXISTS grants_ending ON grants (valid_until) WHERE valid_until IS NOT NULL AND NOT end_told;
CREATE INDEX IF NOT EXISTS tokens_sign_in ON tokens (sign_in_id) WHERE sign_in_id IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_username_folded ON users (username_folded) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS users_username_skeleton ON users (username_skeleton) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS users_uname_skeleton ON users (uname_skeleton) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS users_without_skeleton ON users (id) WHERE username_skeleton IS NULL;
CREATE INDEX IF NOT EXISTS users_without_search_text ON users (id) WHERE search_text IS NULL;
CREATE UNIQUE INDEX IF NOT EXISTS users_ldap_id_key ON users (ldap_id) WHERE ldap_id IS NOT NULL;

-- Looks through all grants without keeping others from changing them.
ALTER TABLE grants VALIDATE CONSTRAINT grants_workspace_id_fkey;
ALTER TABLE grants VALIDATE CONSTRAINT grants_cluster_id_fkey;
