-- The words that a user is searched by, as the program folds them: the database
-- knows neither all letters nor which are the same. The program fills in what is
-- NULL when it starts. An older one beside it leaves new names out.
ALTER TABLE users ADD COLUMN search_text TEXT;
CREATE INDEX users_without_search_text ON users (id) WHERE search_text IS NULL;

DROP TRIGGER IF EXISTS users_search_update;
DROP TRIGGER IF EXISTS users_search_delete;
DROP TRIGGER IF EXISTS users_search_insert;
DROP TABLE IF EXISTS users_search;
CREATE VIRTUAL TABLE users_search USING fts5(
  search_text, content = 'users', content_rowid = 'id', tokenize = 'trigram case_sensitive 1'
);
INSERT INTO users_search (users_search) VALUES ('rebuild');
CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
  INSERT INTO users_search (rowid, search_text) VALUES (new.id, new.search_text);
END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
  INSERT INTO users_search (users_search, rowid, search_text)
    VALUES ('delete', old.id, old.search_text);
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF search_text ON users
WHEN old.search_text IS NOT new.search_text BEGIN
  INSERT INTO users_search (users_search, rowid, search_text)
    VALUES ('delete', old.id, old.search_text);
  INSERT INTO users_search (rowid, search_text) VALUES (new.id, new.search_text);
END;
