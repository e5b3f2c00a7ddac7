-- An import can create a user whose name differs from another's only in case. From
-- then on both names have to be typed exactly, so cached accounts are invalid.
CREATE TRIGGER credentials_twins AFTER INSERT ON users WHEN new.username_folded IS NULL BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
