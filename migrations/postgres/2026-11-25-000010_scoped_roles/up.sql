-- Roles that contain others: which roles somebody has who holds one, that one among them.
-- Kept by the program; a role's own row by the trigger.
CREATE TABLE role_closure (
  role_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  part_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  PRIMARY KEY (role_id, part_id)
);
CREATE INDEX role_closure_part ON role_closure (part_id, role_id);
INSERT INTO role_closure (role_id, part_id) SELECT id, id FROM roles;
CREATE FUNCTION roles_have_themselves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO role_closure (role_id, part_id) VALUES (new.id, new.id);
  RETURN new;
END $$;
CREATE TRIGGER roles_have_themselves AFTER INSERT ON roles
  FOR EACH ROW EXECUTE FUNCTION roles_have_themselves();
-- The end of a grant is told in the audit log once, when somebody looks after it.
ALTER TABLE grants ADD COLUMN end_told BOOLEAN NOT NULL DEFAULT FALSE;
-- All grants of a role, whatever their scope.
CREATE INDEX IF NOT EXISTS grants_of_role ON grants (role_id, user_id);
-- The roles of the Partner Reporting Portal, with its rules of who may hand them on.
INSERT INTO roles (name, label, description, scope, created, modified) VALUES
  ('IP_AUTHORIZED_OFFICER', 'IP Authorized officer', 'Held in a workspace.', 'workspace', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('IP_ADMIN', 'IP Admin', 'Held in a workspace.', 'workspace', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('IP_EDITOR', 'IP Editor', 'Held in a workspace.', 'workspace', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('IP_VIEWER', 'IP Viewer', 'Held in a workspace.', 'workspace', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('CLUSTER_SYSTEM_ADMIN', 'Cluster System admin', 'Held everywhere.', 'none', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('CLUSTER_IMO', 'Cluster IMO', 'Held in a cluster.', 'cluster', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('CLUSTER_COORDINATOR', 'Cluster Coordinator', 'Held in a cluster.', 'cluster', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('CLUSTER_MEMBER', 'Cluster Member', 'Held in a cluster.', 'cluster', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00'),
  ('CLUSTER_VIEWER', 'Cluster Viewer', 'Held in a cluster.', 'cluster', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00')
ON CONFLICT (name) DO NOTHING;
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'any', '["give","remove","change","toggle"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'CLUSTER_SYSTEM_ADMIN';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('CLUSTER_IMO', 'CLUSTER_COORDINATOR', 'CLUSTER_MEMBER', 'CLUSTER_VIEWER');
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'any', '["give"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'CLUSTER_SYSTEM_ADMIN';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('CLUSTER_SYSTEM_ADMIN');
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'same_cluster', '["give","remove","change","toggle"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'CLUSTER_IMO';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('CLUSTER_COORDINATOR', 'CLUSTER_MEMBER', 'CLUSTER_VIEWER');
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'same_partner', '["give","remove","change","toggle"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'CLUSTER_MEMBER';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('CLUSTER_MEMBER', 'CLUSTER_VIEWER');
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'same_workspace_and_partner', '["give","remove","change","toggle"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'IP_AUTHORIZED_OFFICER';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('IP_ADMIN', 'IP_EDITOR', 'IP_VIEWER');
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'same_workspace', '["toggle"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'IP_AUTHORIZED_OFFICER';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('IP_AUTHORIZED_OFFICER');
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'same_workspace_and_partner', '["give","remove","change","toggle"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'IP_ADMIN';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('IP_EDITOR', 'IP_VIEWER');
INSERT INTO grant_rules (granter_role_id, scope, verbs, created, modified)
  SELECT id, 'same_workspace_and_partner', '["give","change","toggle"]', '2026-11-25T00:00:00+00:00', '2026-11-25T00:00:00+00:00' FROM roles WHERE name = 'IP_ADMIN';
INSERT INTO grant_rule_targets (rule_id, role_id)
  SELECT (SELECT max(id) FROM grant_rules), id FROM roles
  WHERE name IN ('IP_ADMIN');
