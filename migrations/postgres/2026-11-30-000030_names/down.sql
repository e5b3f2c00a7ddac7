-- Destroys only what the program makes of names by itself, and the secret that
-- seals entity tags of linkage: tags from before match nothing afterwards.
DROP TABLE secrets;
DROP INDEX roles_name_skeleton;
DROP INDEX IF EXISTS users_without_skeleton;
DROP INDEX IF EXISTS users_uname_skeleton;
DROP INDEX IF EXISTS users_username_skeleton;
DROP INDEX IF EXISTS users_username_folded;
ALTER TABLE roles DROP COLUMN name_skeleton;
ALTER TABLE users DROP COLUMN uname_skeleton;
ALTER TABLE users DROP COLUMN username_skeleton;
ALTER TABLE users DROP COLUMN username_folded;
