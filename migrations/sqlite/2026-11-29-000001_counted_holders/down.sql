DROP TRIGGER grants_counted_insert;
DROP TRIGGER grants_counted_delete;
DROP TRIGGER grants_counted_update;
DROP INDEX grants_timed;
DROP TABLE role_counts;
