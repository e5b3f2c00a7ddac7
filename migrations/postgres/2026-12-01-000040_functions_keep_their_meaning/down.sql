DO $$
DECLARE
  found regprocedure;
BEGIN
  FOR found IN
    SELECT oid FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proconfig IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
  LOOP
    EXECUTE format('ALTER FUNCTION %s RESET search_path', found);
  END LOOP;
END $$;
