-- By what the entry of an external user is known in LDAP, whatever it is called
-- (entryUUID, objectGUID); see docs/guides/ldap.md. Records from before have none until
-- the next sign-in or sync.
ALTER TABLE users ADD COLUMN ldap_id TEXT COLLATE "C";
-- Whether a name from LDAP is that of somebody in the trash, whatever its case.
CREATE INDEX IF NOT EXISTS users_skeleton_in_trash ON users (username_skeleton) WHERE deleted_at IS NOT NULL;
