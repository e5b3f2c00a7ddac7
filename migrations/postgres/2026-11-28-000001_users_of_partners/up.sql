-- How many living users of a partner each run of 1024 ids holds: what
-- `user_blocks` is to the list of all users, for those who see one partner's.
CREATE TABLE partner_blocks (
  partner_id BIGINT NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
  block BIGINT NOT NULL,
  living BIGINT NOT NULL,
  PRIMARY KEY (partner_id, block)
);

CREATE FUNCTION count_users_of_partner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND old.partner_id IS NOT NULL AND old.deleted_at IS NULL THEN
    UPDATE partner_blocks SET living = living - 1
      WHERE partner_id = old.partner_id AND block = old.id / 1024;
  END IF;
  IF TG_OP <> 'DELETE' AND new.partner_id IS NOT NULL AND new.deleted_at IS NULL THEN
    INSERT INTO partner_blocks AS b (partner_id, block, living)
      VALUES (new.partner_id, new.id / 1024, 1)
      ON CONFLICT (partner_id, block) DO UPDATE SET living = b.living + 1;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER users_of_partner_insert AFTER INSERT ON users FOR EACH ROW
  WHEN (new.partner_id IS NOT NULL) EXECUTE FUNCTION count_users_of_partner();
CREATE TRIGGER users_of_partner_delete AFTER DELETE ON users FOR EACH ROW
  WHEN (old.partner_id IS NOT NULL) EXECUTE FUNCTION count_users_of_partner();
CREATE TRIGGER users_of_partner_move AFTER UPDATE OF partner_id, deleted_at ON users FOR EACH ROW
  WHEN (old.partner_id IS DISTINCT FROM new.partner_id
    OR (old.deleted_at IS NULL) <> (new.deleted_at IS NULL))
  EXECUTE FUNCTION count_users_of_partner();

-- Behind the triggers, which keep others from changing users until the end:
-- what is counted is what the triggers go on from.
INSERT INTO partner_blocks (partner_id, block, living)
  SELECT partner_id, id / 1024, count(*) FROM users
  WHERE partner_id IS NOT NULL AND deleted_at IS NULL GROUP BY partner_id, id / 1024;

-- A partner's page in the order of the ids is a range of this index.
CREATE INDEX IF NOT EXISTS users_of_partner ON users (partner_id, id);
DROP INDEX users_partner;
