-- A predefined role is known by this, not by its name: a rename neither gives nor takes what it does.
ALTER TABLE roles ADD COLUMN predefined TEXT;
UPDATE roles SET predefined = name WHERE name IN (
  'IP_AUTHORIZED_OFFICER', 'IP_ADMIN', 'IP_EDITOR', 'IP_VIEWER', 'CLUSTER_SYSTEM_ADMIN',
  'CLUSTER_IMO', 'CLUSTER_COORDINATOR', 'CLUSTER_MEMBER', 'CLUSTER_VIEWER'
);
CREATE UNIQUE INDEX roles_predefined ON roles (predefined) WHERE predefined IS NOT NULL;
