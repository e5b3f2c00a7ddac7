-- What a client calls a role, when it chose the name itself; users have the same.
ALTER TABLE roles ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX roles_external_id_key ON roles (external_id);
