-- Nothing here: SQLite has no triggers for whole statements, and counting a row costs it little.
SELECT 1;
