-- Nothing: SQLite has no partitions; its one table of events stays as it is.
SELECT 1;
