-- Built beside the service before up.sql runs, which then finds it done.
CREATE INDEX CONCURRENTLY IF NOT EXISTS grants_timed ON grants (role_id, user_id, is_active, valid_from, valid_until)
  WHERE workspace_id IS NULL AND cluster_id IS NULL
    AND (valid_from IS NOT NULL OR valid_until IS NOT NULL);
