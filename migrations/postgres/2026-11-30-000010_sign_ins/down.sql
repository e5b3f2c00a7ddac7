-- Revokes the tokens that would have ended with a sign-in, and forgets where
-- sign-ins came from and when they were used.
DELETE FROM tokens WHERE sign_in_id IS NOT NULL;
DROP INDEX IF EXISTS tokens_sign_in;
ALTER TABLE tokens DROP COLUMN sign_in_id;
ALTER TABLE sign_ins DROP COLUMN last_used;
ALTER TABLE sign_ins DROP COLUMN user_agent;
ALTER TABLE sign_ins DROP COLUMN address;
