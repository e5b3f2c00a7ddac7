-- New users are counted once for each statement, not for each row: a block is
-- changed once, however many users one statement puts into it.
CREATE FUNCTION count_new_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO user_blocks AS b (block, living)
    SELECT id / 1024, count(*) FROM added WHERE deleted_at IS NULL GROUP BY 1 ORDER BY 1
    ON CONFLICT (block) DO UPDATE SET living = b.living + excluded.living;
  INSERT INTO partner_blocks AS b (partner_id, block, living)
    SELECT partner_id, id / 1024, count(*) FROM added
      WHERE deleted_at IS NULL AND partner_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (partner_id, block) DO UPDATE SET living = b.living + excluded.living;
  RETURN NULL;
END $$;
DROP TRIGGER users_counted_insert ON users;
DROP TRIGGER users_of_partner_insert ON users;
CREATE TRIGGER users_counted_insert AFTER INSERT ON users
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_new_users();
