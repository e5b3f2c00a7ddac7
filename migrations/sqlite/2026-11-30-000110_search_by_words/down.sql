DROP TRIGGER users_search_update;
DROP TRIGGER users_search_delete;
DROP TRIGGER users_search_insert;
DROP TABLE users_search;
DROP INDEX users_without_search_text;
ALTER TABLE users DROP COLUMN search_text;
-- Substrings of what users are searched by, in three-letter pieces whatever
-- the case. The texts themselves stay in users.
CREATE VIRTUAL TABLE users_search USING fts5(
  username, name, surname, email,
  content = 'users', content_rowid = 'id', tokenize = 'trigram'
);
INSERT INTO users_search (users_search) VALUES ('rebuild');
CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
  INSERT INTO users_search (rowid, username, name, surname, email)
    VALUES (new.id, new.username, new.name, new.surname, new.email);
END;
CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
  INSERT INTO users_search (users_search, rowid, username, name, surname, email)
    VALUES ('delete', old.id, old.username, old.name, old.surname, old.email);
END;
CREATE TRIGGER users_search_update AFTER UPDATE OF username, name, surname, email ON users
WHEN old.username <> new.username OR old.name IS NOT new.name
  OR old.surname IS NOT new.surname OR old.email IS NOT new.email BEGIN
  INSERT INTO users_search (users_search, rowid, username, name, surname, email)
    VALUES ('delete', old.id, old.username, old.name, old.surname, old.email);
  INSERT INTO users_search (rowid, username, name, surname, email)
    VALUES (new.id, new.username, new.name, new.surname, new.email);
END;
