-- The log by months: a whole month is dropped instead of deleted row by row. Rows
-- go where their time says; ids come from one sequence, as before, and each
-- partition has its own index of them. What no month takes is in events_other.

-- The months with the first day that is not in them; not events_other.
CREATE FUNCTION event_months() RETURNS TABLE (part regclass, beyond text)
LANGUAGE sql STABLE AS $$
  SELECT c.oid::regclass, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']*)''\)')
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'events'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
$$;

-- Waits in short turns: nobody who comes meanwhile has to wait behind it for long.
CREATE FUNCTION lock_events() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR turn IN 1..200 LOOP
    BEGIN
      SET LOCAL lock_timeout = '200ms';
      LOCK TABLE events IN ACCESS EXCLUSIVE MODE;
      RETURN;
    EXCEPTION WHEN lock_not_available THEN
      PERFORM pg_sleep(0.1);
    END;
  END LOOP;
  LOCK TABLE events IN ACCESS EXCLUSIVE MODE;
END $$;

-- Takes over what came for this month before it had a partition. A service that
-- does not own the tables can have this done, too.
CREATE FUNCTION add_event_month(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '500ms' AS $$
DECLARE
  name text := to_char(month, '"events_"FMYYYY_MM');
  first text := to_char(month, 'FMYYYY-MM-01');
  beyond text := to_char(month + interval '1 month', 'FMYYYY-MM-01');
  early text := format('at >= %L AND at < %L', first, beyond);
  has_early boolean;
BEGIN
  -- An event on its way to events_other would be refused there.
  LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE;
  EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id))', name);
  EXECUTE 'SELECT EXISTS (SELECT FROM events_other WHERE ' || early || ')' INTO has_early;
  IF has_early THEN
    UPDATE event_pruning SET is_allowed = TRUE WHERE id = 1;
    EXECUTE format('WITH early AS (DELETE FROM events_other WHERE %s RETURNING *)
      INSERT INTO %I SELECT * FROM early', early, name);
    UPDATE event_pruning SET is_allowed = FALSE WHERE id = 1;
  END IF;
  EXECUTE format('CREATE TRIGGER events_are_kept BEFORE DELETE OR TRUNCATE ON %I
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_kept()', name);
  EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
    name, first, beyond);
END $$;

-- The month of this day and three more, unless they are there.
CREATE FUNCTION add_event_months(today date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  month date := date_trunc('month', today);
  furthest date := month + interval '3 months';
BEGIN
  IF EXISTS (SELECT FROM event_months() WHERE beyond > to_char(furthest, 'FMYYYY-MM-DD')) THEN
    RETURN;
  END IF;
  -- Others look once more when this has been done.
  PERFORM pg_advisory_xact_lock(8245935277854876517);
  WHILE month <= furthest LOOP
    IF NOT EXISTS (SELECT FROM event_months() WHERE beyond > to_char(month, 'FMYYYY-MM-DD')) THEN
      PERFORM add_event_month(month);
    END IF;
    month := month + interval '1 month';
  END LOOP;
END $$;

-- Drops the oldest month that is over before this moment, and says what was in
-- it; nothing where there is none. Only whoever owns the tables can.
CREATE FUNCTION drop_event_month(before text, OUT gone bigint, OUT up_to_id bigint, OUT up_to text)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
  month regclass;
BEGIN
  IF NOT EXISTS (SELECT FROM event_pruning WHERE is_allowed) THEN
    RAISE EXCEPTION 'the audit log is append-only: only rolecall audit prune takes something out';
  END IF;
  SELECT part INTO month FROM event_months() JOIN pg_class ON pg_class.oid = part
    WHERE beyond <= before AND pg_has_role(relowner, 'USAGE') ORDER BY beyond LIMIT 1;
  IF month IS NULL THEN
    RETURN;
  END IF;
  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', month);
  EXECUTE format('SELECT count(*), max(id), max(at) FROM %s', month) INTO gone, up_to_id, up_to;
  PERFORM lock_events();
  EXECUTE format('ALTER TABLE events DETACH PARTITION %s', month);
  EXECUTE format('DROP TABLE %s', month);
  RETURN NEXT;
END $$;

DO $$
DECLARE
  found regprocedure;
BEGIN
  FOR found IN
    SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
      AND proname IN ('event_months', 'lock_events', 'add_event_month', 'add_event_months', 'drop_event_month')
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', found, current_schema());
  END LOOP;
END $$;

SELECT lock_events();
DO $$
DECLARE
  last bigint;
  is_used boolean;
  bound text;
  given record;
BEGIN
  EXECUTE 'SELECT last_value, is_called FROM ' || pg_get_serial_sequence('events', 'id')
    INTO last, is_used;
  SELECT substring(pg_get_constraintdef(oid) FROM '''([^'']*)''') INTO STRICT bound
    FROM pg_constraint WHERE conrelid = 'events'::regclass AND conname = 'events_bound';
  ALTER TABLE events RENAME TO events_before;
  ALTER TABLE events_before ALTER id DROP IDENTITY;
  ALTER INDEX events_pkey RENAME TO events_before_pkey;
  ALTER INDEX events_at RENAME TO events_before_at;
  ALTER INDEX events_actor RENAME TO events_before_actor;
  ALTER INDEX events_subject RENAME TO events_before_subject;
  ALTER INDEX events_request RENAME TO events_before_request;

  CREATE TABLE events (LIKE events_before INCLUDING DEFAULTS) PARTITION BY RANGE (at);
  ALTER TABLE events ALTER id ADD GENERATED BY DEFAULT AS IDENTITY;
  PERFORM setval(pg_get_serial_sequence('events', 'id'), last, is_used);
  CREATE INDEX events_at ON events (at);
  CREATE INDEX events_actor ON events (actor_id);
  CREATE INDEX events_subject ON events (subject_type, subject_id);
  CREATE INDEX events_request ON events (request_id);
  CREATE TRIGGER events_are_final BEFORE UPDATE ON events FOR EACH ROW
    EXECUTE FUNCTION events_are_final();
  CREATE TRIGGER events_are_kept BEFORE DELETE OR TRUNCATE ON events FOR EACH STATEMENT
    EXECUTE FUNCTION events_are_kept();
  CREATE TABLE events_other PARTITION OF events (PRIMARY KEY (id)) DEFAULT;
  CREATE TRIGGER events_are_kept BEFORE DELETE OR TRUNCATE ON events_other FOR EACH STATEMENT
    EXECUTE FUNCTION events_are_kept();

  -- What others were granted on the table, they have on the new one.
  FOR given IN
    SELECT privilege_type AS what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS whom
    FROM pg_class, aclexplode(relacl) WHERE oid = 'events_before'::regclass AND grantee <> relowner
  LOOP
    EXECUTE format('GRANT %s ON events TO %s', given.what, given.whom);
  END LOOP;

  IF EXISTS (SELECT FROM events_before) THEN
    DROP TRIGGER events_are_final ON events_before;
    EXECUTE format('ALTER TABLE events ATTACH PARTITION events_before FOR VALUES FROM (MINVALUE) TO (%L)', bound);
    ALTER TABLE events_before DROP CONSTRAINT events_bound;
  ELSE
    DROP TABLE events_before;
  END IF;
  PERFORM add_event_months((now() AT TIME ZONE 'UTC')::date);
END $$;
