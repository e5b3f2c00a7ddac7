-- Destroys only what the program and the database make of other columns.
ALTER TABLE roles DROP COLUMN origin;
DROP INDEX roles_name_folded;
ALTER TABLE roles DROP COLUMN name_folded;
