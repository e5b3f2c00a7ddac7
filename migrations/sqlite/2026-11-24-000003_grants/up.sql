-- A role held by a user: everywhere, in a workspace or in a cluster, always or for a time.
CREATE TABLE grants (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  workspace_id BIGINT REFERENCES workspaces (id) ON DELETE CASCADE,
  cluster_id BIGINT REFERENCES clusters (id) ON DELETE CASCADE,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  valid_from TEXT,
  valid_until TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL,
  created_by BIGINT,
  CHECK (workspace_id IS NULL OR cluster_id IS NULL)
);
-- Nulls count as equal here, so coalesce: ids start at 1.
CREATE UNIQUE INDEX grants_once ON grants
  (user_id, role_id, coalesce(workspace_id, 0), coalesce(cluster_id, 0));
-- Both directions of users and roles, covering what a linkage page reads.
CREATE INDEX grants_by_user ON grants (user_id, role_id, is_active, valid_from, valid_until)
  WHERE workspace_id IS NULL AND cluster_id IS NULL;
CREATE INDEX grants_by_role ON grants (role_id, user_id, is_active, valid_from, valid_until)
  WHERE workspace_id IS NULL AND cluster_id IS NULL;
CREATE INDEX grants_workspace ON grants (workspace_id, role_id) WHERE workspace_id IS NOT NULL;
CREATE INDEX grants_cluster ON grants (cluster_id, role_id) WHERE cluster_id IS NOT NULL;

-- Who may hand on which role, where: rows, not code.
CREATE TABLE grant_rules (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  granter_role_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  verbs TEXT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  created TEXT NOT NULL,
  modified TEXT NOT NULL
);
CREATE INDEX grant_rules_granter ON grant_rules (granter_role_id);

CREATE TABLE grant_rule_targets (
  rule_id BIGINT NOT NULL REFERENCES grant_rules (id) ON DELETE CASCADE,
  role_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  PRIMARY KEY (rule_id, role_id)
) WITHOUT ROWID;
CREATE INDEX grant_rule_targets_role ON grant_rule_targets (role_id);
