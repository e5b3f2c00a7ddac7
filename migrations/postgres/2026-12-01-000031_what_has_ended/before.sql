-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS tokens_expires ON tokens (expires) WHERE expires IS NOT NULL;
