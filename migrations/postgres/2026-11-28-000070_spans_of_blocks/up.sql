-- What 64 blocks of users hold together: a total is the sum of a few spans, and
-- the start of a deep page is found in one of them, however many users there are.
CREATE TABLE user_spans (
  span BIGINT PRIMARY KEY NOT NULL,
  living BIGINT NOT NULL
);
LOCK TABLE user_blocks, partner_blocks IN SHARE ROW EXCLUSIVE MODE;
INSERT INTO user_spans (span, living)
  SELECT block / 64, sum(living)::bigint FROM user_blocks GROUP BY 1;

CREATE FUNCTION sum_user_blocks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO user_spans AS s (span, living) VALUES (new.block / 64, new.living)
      ON CONFLICT (span) DO UPDATE SET living = s.living + excluded.living;
  ELSIF TG_OP = 'DELETE' THEN
    UPDATE user_spans SET living = living - old.living WHERE span = old.block / 64;
  ELSE
    UPDATE user_spans SET living = living + new.living - old.living WHERE span = new.block / 64;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER user_blocks_summed AFTER INSERT OR DELETE OR UPDATE OF living ON user_blocks
  FOR EACH ROW EXECUTE FUNCTION sum_user_blocks();

-- The same of each partner's users.
CREATE TABLE partner_spans (
  partner_id BIGINT NOT NULL REFERENCES partners (id) ON DELETE CASCADE,
  span BIGINT NOT NULL,
  living BIGINT NOT NULL,
  PRIMARY KEY (partner_id, span)
);
INSERT INTO partner_spans (partner_id, span, living)
  SELECT partner_id, block / 64, sum(living)::bigint FROM partner_blocks GROUP BY 1, 2;

CREATE FUNCTION sum_partner_blocks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO partner_spans AS s (partner_id, span, living)
      VALUES (new.partner_id, new.block / 64, new.living)
      ON CONFLICT (partner_id, span) DO UPDATE SET living = s.living + excluded.living;
  ELSIF TG_OP = 'DELETE' THEN
    UPDATE partner_spans SET living = living - old.living
      WHERE partner_id = old.partner_id AND span = old.block / 64;
  ELSE
    UPDATE partner_spans SET living = living + new.living - old.living
      WHERE partner_id = new.partner_id AND span = new.block / 64;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER partner_blocks_summed AFTER INSERT OR DELETE OR UPDATE OF living ON partner_blocks
  FOR EACH ROW EXECUTE FUNCTION sum_partner_blocks();
