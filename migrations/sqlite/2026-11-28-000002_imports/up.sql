-- How far each import of a file has come, written in the transaction of its
-- rows: where the next run of the same file goes on.
CREATE TABLE imports (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  head TEXT NOT NULL,
  bytes BIGINT NOT NULL DEFAULT 0,
  lines BIGINT NOT NULL DEFAULT 0,
  digest TEXT NOT NULL DEFAULT '',
  counts TEXT NOT NULL DEFAULT '{}',
  started TEXT NOT NULL,
  finished TEXT
);
CREATE INDEX imports_head ON imports (head);
