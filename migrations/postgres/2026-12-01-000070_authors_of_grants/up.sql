-- Who changed a grant or a token last, as of all other things. A null at version 1 is
-- read as `created_by`, so that only the few that were changed are written here.
ALTER TABLE grants ADD COLUMN modified_by BIGINT;
ALTER TABLE tokens ADD COLUMN modified_by BIGINT;
UPDATE grants SET modified_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'grants' AND subject_id = grants.id AND verb = 'update' ORDER BY id DESC LIMIT 1
) WHERE version > 1;
UPDATE tokens SET modified_by = (
  SELECT actor_id FROM events
  WHERE subject_type = 'tokens' AND subject_id = tokens.id AND verb = 'update' ORDER BY id DESC LIMIT 1
) WHERE version > 1;
