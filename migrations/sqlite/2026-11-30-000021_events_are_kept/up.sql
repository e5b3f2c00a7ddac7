-- Nothing is taken out of the audit log, except by a transaction that says first
-- that it prunes and takes that back before it ends.
CREATE TABLE event_pruning (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  is_allowed BOOLEAN NOT NULL
);
INSERT INTO event_pruning (id, is_allowed) VALUES (1, FALSE);

CREATE TRIGGER events_are_kept BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM event_pruning WHERE is_allowed) BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only: only rolecall audit prune takes something out');
END;
-- What replaces a row is neither an UPDATE nor, for triggers, a DELETE.
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = new.id) BEGIN
  SELECT RAISE(ABORT, 'the audit log is append-only');
END;
