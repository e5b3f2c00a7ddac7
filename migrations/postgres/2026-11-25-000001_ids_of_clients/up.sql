-- What a client calls a role, when it chose the name itself; users have the same.
ALTER TABLE roles ADD COLUMN external_id TEXT COLLATE "C" CONSTRAINT roles_external_id_key UNIQUE;
