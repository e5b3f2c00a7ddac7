ALTER TABLE workspaces DROP COLUMN created_by;
ALTER TABLE workspaces DROP COLUMN modified_by;
ALTER TABLE clusters DROP COLUMN created_by;
ALTER TABLE clusters DROP COLUMN modified_by;
ALTER TABLE partners DROP COLUMN created_by;
ALTER TABLE partners DROP COLUMN modified_by;
ALTER TABLE grant_rules DROP COLUMN created_by;
ALTER TABLE grant_rules DROP COLUMN modified_by;
