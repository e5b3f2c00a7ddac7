-- Nothing: SQLite has no functions of ours and no search path.
SELECT 1;
