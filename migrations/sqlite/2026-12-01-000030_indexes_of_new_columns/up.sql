-- Nothing to do here: an index is built in the migration that adds its column,
-- since no other process can write meanwhile anyway.
SELECT 1;
