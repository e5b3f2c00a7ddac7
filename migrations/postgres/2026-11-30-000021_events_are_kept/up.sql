-- Nothing is taken out of the audit log, except by a transaction that says first
-- that it prunes and takes that back before it ends. Prunings wait for each
-- other at this row.
CREATE TABLE event_pruning (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  is_allowed BOOLEAN NOT NULL
);
INSERT INTO event_pruning (id, is_allowed) VALUES (1, FALSE);

CREATE FUNCTION events_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM event_pruning WHERE is_allowed) THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: only rolecall audit prune takes something out';
END $$;
CREATE TRIGGER events_are_kept BEFORE DELETE OR TRUNCATE ON events FOR EACH STATEMENT
  EXECUTE FUNCTION events_are_kept();
