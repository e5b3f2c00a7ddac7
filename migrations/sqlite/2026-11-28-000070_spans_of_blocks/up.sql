-- What 64 blocks of users hold together: a total is the sum of a few spans, and
-- the start of a deep page is found in one of them, however many users there are.
CREATE TABLE user_spans (
  span BIGINT PRIMARY KEY NOT NULL,
  living BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO user_spans (span, living) SELECT block / 64, sum(living) FROM user_blocks GROUP BY 1;

CREATE TRIGGER user_blocks_insert AFTER INSERT ON user_blocks BEGIN
  INSERT INTO user_spans (span, living) VALUES (new.block / 64, new.living)
    ON CONFLICT (span) DO UPDATE SET living = living + excluded.living;
END;
CREATE TRIGGER user_blocks_update AFTER UPDATE OF living ON user_blocks BEGIN
  UPDATE user_spans SET living = living + new.living - old.living WHERE span = new.block / 64;
END;
CREATE TRIGGER user_blocks_delete AFTER DELETE ON user_blocks BEGIN
  UPDATE user_spans SET living = living - old.living WHERE span = old.block / 64;
END;

-- The same of each partner's users.
CREATE TABLE partner_spans (
  partner_id BIGINT NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
  span BIGINT NOT NULL,
  living BIGINT NOT NULL,
  PRIMARY KEY (partner_id, span)
) WITHOUT ROWID;
INSERT INTO partner_spans (partner_id, span, living)
  SELECT partner_id, block / 64, sum(living) FROM partner_blocks GROUP BY 1, 2;

CREATE TRIGGER partner_blocks_insert AFTER INSERT ON partner_blocks BEGIN
  INSERT INTO partner_spans (partner_id, span, living)
    VALUES (new.partner_id, new.block / 64, new.living)
    ON CONFLICT (partner_id, span) DO UPDATE SET living = living + excluded.living;
END;
CREATE TRIGGER partner_blocks_update AFTER UPDATE OF living ON partner_blocks BEGIN
  UPDATE partner_spans SET living = living + new.living - old.living
    WHERE partner_id = new.partner_id AND span = new.block / 64;
END;
CREATE TRIGGER partner_blocks_delete AFTER DELETE ON partner_blocks BEGIN
  UPDATE partner_spans SET living = living - old.living
    WHERE partner_id = old.partner_id AND span = old.block / 64;
END;
