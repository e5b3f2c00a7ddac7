ALTER TABLE grants
  DROP CONSTRAINT grants_workspace_id_fkey,
  DROP CONSTRAINT grants_cluster_id_fkey,
  ADD CONSTRAINT grants_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
  ADD CONSTRAINT grants_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES clusters (id) ON DELETE CASCADE;
DROP INDEX clusters_title;
DROP INDEX partners_title;
