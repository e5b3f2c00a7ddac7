-- Destroys nothing.
DROP INDEX users_trash;
