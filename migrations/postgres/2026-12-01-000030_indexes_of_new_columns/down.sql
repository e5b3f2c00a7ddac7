-- Destroys nothing. The indexes stay: programs from before know them, and they go
-- with their columns.
SELECT 1;
