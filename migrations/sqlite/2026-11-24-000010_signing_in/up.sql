-- A sign-in is a family of refresh tokens that replace one another. What ends it
-- deletes it; a used token is kept until it expires, so that its return is noticed.
CREATE TABLE sign_ins (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created TEXT NOT NULL,
  expires TEXT NOT NULL,
  ends TEXT NOT NULL
);
CREATE INDEX sign_ins_user ON sign_ins (user_id);
CREATE INDEX sign_ins_expires ON sign_ins (expires);

CREATE TABLE refresh_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  sign_in_id BIGINT NOT NULL REFERENCES sign_ins (id) ON DELETE CASCADE,
  hash TEXT NOT NULL UNIQUE,
  created TEXT NOT NULL,
  expires TEXT NOT NULL,
  used TEXT
);
CREATE INDEX refresh_tokens_sign_in ON refresh_tokens (sign_in_id);

-- With which access tokens are signed; shared by all processes of this database.
CREATE TABLE signing_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  kid TEXT NOT NULL UNIQUE,
  algorithm TEXT NOT NULL,
  private_key TEXT NOT NULL,
  public_key TEXT NOT NULL,
  not_before TEXT NOT NULL,
  retired_at TEXT,
  created TEXT NOT NULL
);

-- Access tokens of a sign-in that has ended are believed no longer.
CREATE TRIGGER credentials_signed_out AFTER DELETE ON sign_ins BEGIN
  UPDATE credential_versions SET version = version + 1;
END;
