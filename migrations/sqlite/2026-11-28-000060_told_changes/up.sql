-- Nothing to do here: triggers move the row in credential_versions, which every
-- process on this machine reads. PostgreSQL's processes are notified instead.
SELECT 1;
