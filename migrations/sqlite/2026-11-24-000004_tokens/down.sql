DROP TRIGGER credentials_users;
DROP TRIGGER credentials_users_purged;
DROP TRIGGER credentials_granted;
DROP TRIGGER credentials_regranted;
DROP TRIGGER credentials_ungranted;
DROP TRIGGER credentials_roles;
DROP TABLE credential_versions;
DROP TABLE tokens;
