-- Nothing to undo: the step before takes the constraint away.
SELECT 1;
