-- E-mails that wait to be sent, or were. The first outbox was never written to.
DROP TABLE outbox;
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  created TEXT NOT NULL,
  kind TEXT NOT NULL,
  -- Names the event: there is at most one mail about each.
  event_key TEXT NOT NULL UNIQUE,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt TEXT NOT NULL,
  -- Set while somebody sends it. Who is not heard of until then may have sent it.
  claimed_until TEXT,
  sent_at TEXT,
  failed_at TEXT,
  last_error TEXT
);
CREATE INDEX outbox_waiting ON outbox (next_attempt, id)
  WHERE sent_at IS NULL AND failed_at IS NULL AND claimed_until IS NULL;
CREATE INDEX outbox_claimed ON outbox (claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at IS NOT NULL;
