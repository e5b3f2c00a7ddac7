-- The extension stays: others may have come to need it.
DROP INDEX IF EXISTS users_search;
DROP FUNCTION user_search_text(TEXT, TEXT, TEXT, TEXT);
DROP FUNCTION fold_case(TEXT);
