DROP TABLE credential_versions;
DROP TABLE tokens;
