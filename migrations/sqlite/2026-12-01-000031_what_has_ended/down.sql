-- Destroys nothing.
DROP INDEX imports_finished;
DROP INDEX tokens_expires;
