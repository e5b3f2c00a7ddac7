-- The audit log. No foreign keys: a row outlives whatever it tells about.
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  at TEXT NOT NULL,
  actor_id BIGINT,
  actor TEXT,
  token_id BIGINT,
  verb TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id BIGINT NOT NULL,
  before TEXT,
  after TEXT,
  request_id TEXT NOT NULL
);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_actor ON events (actor_id);
CREATE INDEX events_subject ON events (subject_type, subject_id);
CREATE INDEX events_request ON events (request_id);
CREATE TRIGGER events_are_final BEFORE UPDATE ON events BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
