-- A new user whose letters somebody has already, as an import brings them, is the
-- one who makes it matter how the other's name is written: what is remembered of
-- callers is void.
CREATE TRIGGER credentials_twins AFTER INSERT ON users WHEN new.username_folded IS NULL BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
