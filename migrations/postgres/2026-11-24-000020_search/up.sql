-- What users are searched by, in small letters of every alphabet, whatever the
-- locale of the database. Without ICU it is the locale that decides.
DO $$
DECLARE
  small TEXT := CASE WHEN EXISTS (
    SELECT FROM pg_collation WHERE collname = 'und-x-icu'
  ) THEN '"und-x-icu"' ELSE '"default"' END;
BEGIN
  EXECUTE format('
    CREATE FUNCTION fold_case(words TEXT) RETURNS TEXT
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
      SELECT translate(lower(words COLLATE %1$s), ''ς'', ''σ'') COLLATE "C"
    $f$', small);
  EXECUTE format('
    CREATE FUNCTION user_search_text(username TEXT, name TEXT, surname TEXT, email TEXT)
    RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
      SELECT translate(lower((
        username || chr(31) || coalesce(name, '''') || chr(31) ||
        coalesce(surname, '''') || chr(31) || coalesce(email, '''')
      ) COLLATE %1$s), ''ς'', ''σ'') COLLATE "C"
    $f$', small);
END $$;

-- The index needs an extension that the role may have to be given. Without it
-- searches are right all the same, and read every user.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX users_search ON users
    USING gin (user_search_text(username, name, surname, email) gin_trgm_ops);
EXCEPTION
  WHEN insufficient_privilege OR undefined_file OR undefined_object OR feature_not_supported THEN
    RAISE WARNING 'rolecall: no index for searches, since pg_trgm cannot be had: %', SQLERRM;
END $$;
