-- The first of three steps to a log that is partitioned by month. What is there
-- becomes the partition of everything up to the end of a month, which is known
-- here and looked at in the next step, so that no step holds others up for long.
-- Two days are left for the steps to come, and a clock that was wrong is minded.
DO $$
DECLARE
  month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC' + interval '2 days');
  bound text := to_char(month + interval '1 month', 'FMYYYY-MM-DD');
  newest text := (SELECT max(at) FROM events);
BEGIN
  IF newest >= bound AND newest < '9999-12' AND newest ~ '^\d{4}-(0[1-9]|1[0-2])' THEN
    bound := to_char(to_date(left(newest, 7), 'YYYY-MM') + interval '1 month', 'FMYYYY-MM-DD');
  ELSIF newest >= bound THEN
    bound := '~';
  END IF;
  EXECUTE format('ALTER TABLE events ADD CONSTRAINT events_bound CHECK (at < %L) NOT VALID', bound);
END $$;
