DELETE FROM grant_rules;
DELETE FROM roles WHERE name IN ('IP_AUTHORIZED_OFFICER', 'IP_ADMIN', 'IP_EDITOR', 'IP_VIEWER', 'CLUSTER_SYSTEM_ADMIN', 'CLUSTER_IMO', 'CLUSTER_COORDINATOR', 'CLUSTER_MEMBER', 'CLUSTER_VIEWER')
  AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.role_id = roles.id);
DROP INDEX grants_of_role;
DROP INDEX IF EXISTS grants_ending;
ALTER TABLE grants DROP COLUMN end_told;
DROP TRIGGER roles_have_themselves ON roles;
DROP FUNCTION roles_have_themselves();
DROP TABLE role_closure;
