-- What expired tokens and finished imports are found by when they are deleted.
CREATE INDEX IF NOT EXISTS tokens_expires ON tokens (expires) WHERE expires IS NOT NULL;
CREATE INDEX IF NOT EXISTS imports_finished ON imports (finished) WHERE finished IS NOT NULL;
