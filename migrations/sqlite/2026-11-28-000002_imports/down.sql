-- Destroys: how far imports have come.
DROP TABLE imports;
