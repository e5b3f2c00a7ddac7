-- Destroys the ids of entries in LDAP: external users are known by their names again.
DROP INDEX users_skeleton_in_trash;
DROP INDEX IF EXISTS users_ldap_id_key;
ALTER TABLE users DROP COLUMN ldap_id;
