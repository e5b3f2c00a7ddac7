CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  username TEXT NOT NULL UNIQUE,
  uname TEXT NOT NULL UNIQUE,
  name TEXT,
  surname TEXT,
  full_name TEXT,
  email TEXT,
  position TEXT,
  organization TEXT,
  time_zone TEXT,
  partner_id BIGINT REFERENCES partners (id),
  password_hash TEXT,
  external BOOLEAN NOT NULL DEFAULT FALSE,
  external_id TEXT UNIQUE,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  is_staff BOOLEAN NOT NULL DEFAULT FALSE,
  last_login TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL,
  created_by BIGINT,
  modified_by BIGINT,
  deleted_at TEXT
);
CREATE INDEX users_email ON users (email);
CREATE INDEX users_name ON users (name);
CREATE INDEX users_surname ON users (surname);
CREATE INDEX users_created ON users (created);
CREATE INDEX users_modified ON users (modified);
CREATE INDEX users_partner ON users (partner_id);
CREATE INDEX users_deleted ON users (deleted_at) WHERE deleted_at IS NOT NULL;

-- How many living users each run of 1024 ids holds: the total of a list and
-- the start of a deep page without visiting the rows before it.
CREATE TABLE user_blocks (
  block BIGINT PRIMARY KEY NOT NULL,
  living BIGINT NOT NULL
);
CREATE TRIGGER users_counted_insert AFTER INSERT ON users WHEN new.deleted_at IS NULL BEGIN
  INSERT INTO user_blocks (block, living) VALUES (new.id / 1024, 1)
    ON CONFLICT (block) DO UPDATE SET living = living + 1;
END;
CREATE TRIGGER users_counted_delete AFTER DELETE ON users WHEN old.deleted_at IS NULL BEGIN
  UPDATE user_blocks SET living = living - 1 WHERE block = old.id / 1024;
END;
CREATE TRIGGER users_counted_trash AFTER UPDATE OF deleted_at ON users
WHEN (old.deleted_at IS NULL) <> (new.deleted_at IS NULL) BEGIN
  UPDATE user_blocks
    SET living = living + CASE WHEN new.deleted_at IS NULL THEN 1 ELSE -1 END
    WHERE block = new.id / 1024;
END;

CREATE TABLE roles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  name TEXT NOT NULL UNIQUE,
  label TEXT,
  description TEXT,
  scope TEXT NOT NULL DEFAULT 'none',
  unchangeable BOOLEAN NOT NULL DEFAULT FALSE,
  is_default BOOLEAN NOT NULL DEFAULT FALSE,
  permissions TEXT NOT NULL DEFAULT '[]',
  include_context TEXT,
  exclude_context TEXT,
  include_bundles TEXT,
  exclude_bundles TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL,
  created_by BIGINT,
  modified_by BIGINT
);
CREATE INDEX roles_created ON roles (created);
CREATE INDEX roles_modified ON roles (modified);

CREATE TABLE role_includes (
  role_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  part_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  PRIMARY KEY (role_id, part_id)
) WITHOUT ROWID;
CREATE INDEX role_includes_part ON role_includes (part_id);

INSERT INTO roles (id, name, description, unchangeable, created, modified) VALUES
  (1, 'admin', 'Administrators: whoever holds this role without a scope may do everything.', TRUE,
   '2026-11-24T00:00:00+00:00', '2026-11-24T00:00:00+00:00');
