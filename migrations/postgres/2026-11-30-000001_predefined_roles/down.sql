DROP INDEX roles_predefined;
ALTER TABLE roles DROP COLUMN predefined;
