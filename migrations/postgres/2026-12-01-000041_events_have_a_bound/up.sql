-- The first of three steps to a log that is partitioned by month. What is there
-- becomes the partition of everything up to the end of a month, which is known
-- here and looked at in the next step, so that no step holds others up for long.
-- Two days are left for the steps to come, and a clock that was wrong is minded.
DO $$
DECLARE
  latest date := (now() AT TIME ZONE 'UTC')::date + 2;
  newest text := (SELECT max(at) FROM events);
BEGIN
  IF left(newest, 10) > latest::text THEN
    latest := CASE WHEN newest ~ '^\d{4}-\d\d-\d\d' THEN left(newest, 10)::date ELSE '9999-12-01' END;
  END IF;
  EXECUTE format('ALTER TABLE events ADD CONSTRAINT events_bound CHECK (at < %L) NOT VALID',
    to_char(date_trunc('month', latest) + interval '1 month', 'FMYYYY-MM-DD'));
END $$;
