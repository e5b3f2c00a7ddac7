-- The words that a user is searched by, as the program folds them: which letters
-- are the same does not depend on the database any more. The program fills in what
-- is NULL when it starts. An older one beside it leaves new names out, and searches
-- without an index.
ALTER TABLE users ADD COLUMN search_text TEXT COLLATE "C";
DROP INDEX IF EXISTS users_search;

-- As before: without the extension searches are right, and read every user.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX users_search_text ON users USING gin (search_text gin_trgm_ops);
EXCEPTION
  WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported THEN
    RAISE WARNING 'rolecall: no index for searches, since pg_trgm cannot be had: %', SQLERRM;
END $$;
