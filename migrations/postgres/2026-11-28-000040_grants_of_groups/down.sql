-- Forgets which grants followed from groups: they stay as if they had been given here.
ALTER TABLE grants DROP COLUMN origin;
