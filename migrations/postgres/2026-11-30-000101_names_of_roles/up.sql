-- Role names are unique whatever the case. Of those that differ in case alone from
-- before, one has a folded name; the program fills it in, with the skeletons, when
-- it starts.
ALTER TABLE roles ADD COLUMN name_folded TEXT COLLATE "C";
CREATE UNIQUE INDEX roles_name_folded ON roles (name_folded);
UPDATE roles SET name_skeleton = NULL;
-- Where a role comes from.
ALTER TABLE roles ADD COLUMN origin TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (
  CASE WHEN id = 1 THEN 'system' WHEN predefined IS NOT NULL THEN 'portal' ELSE 'directory' END
) STORED;
