-- Destroys the ids that clients gave to roles.
DROP INDEX roles_external_id_key;
ALTER TABLE roles DROP COLUMN external_id;
