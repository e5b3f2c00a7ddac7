-- How many living users of a partner each run of 1024 ids holds: what
-- `user_blocks` is to the list of all users, for those who see one partner's.
CREATE TABLE partner_blocks (
  partner_id BIGINT NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
  block BIGINT NOT NULL,
  living BIGINT NOT NULL,
  PRIMARY KEY (partner_id, block)
) WITHOUT ROWID;
INSERT INTO partner_blocks (partner_id, block, living)
  SELECT partner_id, id / 1024, count(*) FROM users
  WHERE partner_id IS NOT NULL AND deleted_at IS NULL GROUP BY partner_id, id / 1024;

CREATE TRIGGER users_of_partner_insert AFTER INSERT ON users
WHEN new.partner_id IS NOT NULL AND new.deleted_at IS NULL BEGIN
  INSERT INTO partner_blocks (partner_id, block, living) VALUES (new.partner_id, new.id / 1024, 1)
    ON CONFLICT (partner_id, block) DO UPDATE SET living = living + 1;
END;
CREATE TRIGGER users_of_partner_delete AFTER DELETE ON users
WHEN old.partner_id IS NOT NULL AND old.deleted_at IS NULL BEGIN
  UPDATE partner_blocks SET living = living - 1
    WHERE partner_id = old.partner_id AND block = old.id / 1024;
END;
CREATE TRIGGER users_of_partner_leave AFTER UPDATE OF partner_id, deleted_at ON users
WHEN old.partner_id IS NOT NULL AND old.deleted_at IS NULL
  AND (new.partner_id IS NOT old.partner_id OR new.deleted_at IS NOT NULL) BEGIN
  UPDATE partner_blocks SET living = living - 1
    WHERE partner_id = old.partner_id AND block = old.id / 1024;
END;
CREATE TRIGGER users_of_partner_join AFTER UPDATE OF partner_id, deleted_at ON users
WHEN new.partner_id IS NOT NULL AND new.deleted_at IS NULL
  AND (new.partner_id IS NOT old.partner_id OR old.deleted_at IS NOT NULL) BEGIN
  INSERT INTO partner_blocks (partner_id, block, living) VALUES (new.partner_id, new.id / 1024, 1)
    ON CONFLICT (partner_id, block) DO UPDATE SET living = living + 1;
END;
