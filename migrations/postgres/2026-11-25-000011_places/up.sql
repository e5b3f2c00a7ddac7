-- What lists of partners and clusters are sorted and looked through by.
CREATE INDEX partners_title ON partners (title, id);
CREATE INDEX clusters_title ON clusters (title, id);
-- A place that still has grants stays, even when one is given at this moment:
-- what goes with it would go without a word in the audit log. What is there was
-- checked by the constraints before; 2026-12-01-000030 validates these.
ALTER TABLE grants
  DROP CONSTRAINT grants_workspace_id_fkey,
  DROP CONSTRAINT grants_cluster_id_fkey,
  ADD CONSTRAINT grants_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces (id) NOT VALID,
  ADD CONSTRAINT grants_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES clusters (id) NOT VALID;
