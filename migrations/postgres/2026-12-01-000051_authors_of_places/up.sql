-- Who made and changed a place, a partner or a rule last, as of all other things.
ALTER TABLE workspaces ADD COLUMN created_by BIGINT;
ALTER TABLE workspaces ADD COLUMN modified_by BIGINT;
ALTER TABLE clusters ADD COLUMN created_by BIGINT;
ALTER TABLE clusters ADD COLUMN modified_by BIGINT;
ALTER TABLE partners ADD COLUMN created_by BIGINT;
ALTER TABLE partners ADD COLUMN modified_by BIGINT;
ALTER TABLE grant_rules ADD COLUMN created_by BIGINT;
ALTER TABLE grant_rules ADD COLUMN modified_by BIGINT;
-- What the audit log still tells of those that there are.
UPDATE workspaces SET created_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'workspaces' AND subject_id = workspaces.id AND verb = 'create' ORDER BY id DESC LIMIT 1
), modified_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'workspaces' AND subject_id = workspaces.id AND verb IN ('create', 'update') ORDER BY id DESC LIMIT 1
);
UPDATE clusters SET created_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'clusters' AND subject_id = clusters.id AND verb = 'create' ORDER BY id DESC LIMIT 1
), modified_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'clusters' AND subject_id = clusters.id AND verb IN ('create', 'update') ORDER BY id DESC LIMIT 1
);
UPDATE partners SET created_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'partners' AND subject_id = partners.id AND verb = 'create' ORDER BY id DESC LIMIT 1
), modified_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'partners' AND subject_id = partners.id AND verb IN ('create', 'update') ORDER BY id DESC LIMIT 1
);
UPDATE grant_rules SET created_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'grant-rules' AND subject_id = grant_rules.id AND verb = 'create' ORDER BY id DESC LIMIT 1
), modified_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'grant-rules' AND subject_id = grant_rules.id AND verb IN ('create', 'update') ORDER BY id DESC LIMIT 1
);
