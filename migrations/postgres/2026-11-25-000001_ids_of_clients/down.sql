-- Destroys the ids that clients gave to roles.
ALTER TABLE roles DROP COLUMN external_id;
