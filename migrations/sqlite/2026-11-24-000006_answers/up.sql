-- Answers kept for Idempotency-Key, and e-mails that wait to be sent.
CREATE TABLE idempotency (
  caller_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  idempotency_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status INTEGER,
  headers TEXT,
  answer BLOB,
  at TEXT NOT NULL,
  PRIMARY KEY (caller_id, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

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
