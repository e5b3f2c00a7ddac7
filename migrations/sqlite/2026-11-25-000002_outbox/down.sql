-- Destroys every mail that was not sent.
DROP TABLE outbox;
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  event_id BIGINT NOT NULL UNIQUE REFERENCES events (id),
  recipient TEXT NOT NULL,
  template TEXT NOT NULL,
  data TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt TEXT NOT NULL,
  sent_at TEXT,
  last_error TEXT,
  created TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_attempt) WHERE sent_at IS NULL;
