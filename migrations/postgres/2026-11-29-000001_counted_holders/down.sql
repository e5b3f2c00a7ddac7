DROP TRIGGER grants_counted_insert ON grants;
DROP TRIGGER grants_counted_delete ON grants;
DROP TRIGGER grants_counted_update ON grants;
DROP FUNCTION count_given_grants();
DROP FUNCTION count_taken_grants();
DROP FUNCTION count_changed_grant();
DROP INDEX grants_timed;
DROP TABLE role_counts;
DROP FUNCTION counted(grants);
