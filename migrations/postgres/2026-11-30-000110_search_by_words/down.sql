DROP INDEX IF EXISTS users_search_text;
DROP INDEX IF EXISTS users_without_search_text;
ALTER TABLE users DROP COLUMN search_text;
DO $$
BEGIN
  CREATE INDEX users_search ON users
    USING gin (user_search_text(username, name, surname, email) gin_trgm_ops);
EXCEPTION
  WHEN undefined_object OR feature_not_supported THEN NULL;
END $$;
