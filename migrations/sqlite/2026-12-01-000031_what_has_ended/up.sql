-- What expired tokens and finished imports are found by when they are deleted.
CREATE INDEX tokens_expires ON tokens (expires) WHERE expires IS NOT NULL;
CREATE INDEX imports_finished ON imports (finished) WHERE finished IS NOT NULL;
