-- The functions of the triggers name tables without their schema. So that neither
-- the search path of a caller, of a role nor of pg_restore, which has none, changes
-- what they mean, each of them looks only where the tables are.
DO $$
DECLARE
  ours CONSTANT text[] := ARRAY['count_changed_grant', 'count_given_grants', 'count_new_users',
    'count_taken_grants', 'count_users', 'count_users_of_partner', 'counted', 'events_are_final',
    'events_are_kept', 'fold_case', 'permits_something', 'roles_have_themselves',
    'sum_partner_blocks', 'sum_user_blocks', 'tell_credentials', 'tell_granted', 'tell_keys',
    'tell_regranted', 'user_search_text'];
  found regprocedure;
BEGIN
  FOR found IN
    SELECT oid FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proname = ANY (ours)
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', found, current_schema());
  END LOOP;
END $$;
