CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  scopes TEXT,
  expires TEXT,
  last_used TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL,
  created_by BIGINT
);
CREATE INDEX tokens_user ON tokens (user_id);

-- A number that moves with every change that could alter who a caller is or
-- what they may: remembered principals are good for one value of it only.
CREATE TABLE credential_versions (
  id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
  version BIGINT NOT NULL
);
INSERT INTO credential_versions (id, version) VALUES (1, 1);
CREATE TRIGGER credentials_users AFTER UPDATE OF username, password_hash, external, is_active, deleted_at ON users
WHEN old.username <> new.username OR old.password_hash IS NOT new.password_hash OR old.external <> new.external
  OR old.is_active <> new.is_active OR old.deleted_at IS NOT new.deleted_at BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
CREATE TRIGGER credentials_users_purged AFTER DELETE ON users BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
CREATE TRIGGER credentials_granted AFTER INSERT ON grants BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
CREATE TRIGGER credentials_regranted AFTER UPDATE ON grants BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
CREATE TRIGGER credentials_ungranted AFTER DELETE ON grants BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
CREATE TRIGGER credentials_roles AFTER UPDATE OF name, permissions ON roles
WHEN old.name <> new.name OR old.permissions <> new.permissions BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
CREATE TRIGGER credentials_tokens AFTER UPDATE OF hash, scopes, expires, user_id ON tokens BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
CREATE TRIGGER credentials_tokens_revoked AFTER DELETE ON tokens BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
