-- How many grants each role has, in 16 runs of users: so that those who grant
-- one role at the same time seldom meet in one row.
--
-- `granted`: all of them. `held`, and the digest of their ids (`id_sum`,
-- `id_squares`, modulo 2^31 - 1): those without a place that are on and have no
-- time limit. Those with one begin and end by themselves, and are looked at
-- when somebody asks; so are those of the few users in the trash.
CREATE TABLE role_counts (
  role_id BIGINT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  slot BIGINT NOT NULL,
  granted BIGINT NOT NULL,
  held BIGINT NOT NULL,
  id_sum BIGINT NOT NULL,
  id_squares BIGINT NOT NULL,
  PRIMARY KEY (role_id, slot)
);

-- What one grant adds to each number.
CREATE FUNCTION counted(g grants, OUT held bigint, OUT id_sum bigint, OUT id_squares bigint)
LANGUAGE sql IMMUTABLE AS $$
  SELECT always::int::bigint, always::int * rest, always::int * (rest * rest % 2147483647)
  FROM (SELECT g.id % 2147483647 AS rest,
    g.workspace_id IS NULL AND g.cluster_id IS NULL AND g.is_active
      AND g.valid_from IS NULL AND g.valid_until IS NULL AS always) AS facts
$$;

CREATE INDEX IF NOT EXISTS grants_timed ON grants (role_id, user_id, is_active, valid_from, valid_until)
  WHERE workspace_id IS NULL AND cluster_id IS NULL
    AND (valid_from IS NOT NULL OR valid_until IS NOT NULL);

LOCK TABLE grants IN SHARE ROW EXCLUSIVE MODE;
-- The same as `counted`, written out: a call for each row takes six times as long,
-- and nobody can change a grant meanwhile.
INSERT INTO role_counts (role_id, slot, granted, held, id_sum, id_squares)
  SELECT role_id, user_id % 16, count(*), count(*) FILTER (WHERE always),
    coalesce(sum(id % 2147483647) FILTER (WHERE always), 0)::bigint,
    coalesce(sum((id % 2147483647) * (id % 2147483647) % 2147483647) FILTER (WHERE always), 0)::bigint
  FROM (SELECT id, role_id, user_id, workspace_id IS NULL AND cluster_id IS NULL AND is_active
      AND valid_from IS NULL AND valid_until IS NULL AS always FROM grants) AS g GROUP BY 1, 2;

CREATE FUNCTION count_given_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO role_counts AS r (role_id, slot, granted, held, id_sum, id_squares)
    SELECT g.role_id, g.user_id % 16, count(*), sum(c.held), sum(c.id_sum), sum(c.id_squares)
      FROM given AS g, counted(g) AS c GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (role_id, slot) DO UPDATE SET granted = r.granted + excluded.granted,
      held = r.held + excluded.held, id_sum = r.id_sum + excluded.id_sum,
      id_squares = r.id_squares + excluded.id_squares;
  RETURN NULL;
END $$;
CREATE TRIGGER grants_counted_insert AFTER INSERT ON grants
  REFERENCING NEW TABLE AS given FOR EACH STATEMENT EXECUTE FUNCTION count_given_grants();

CREATE FUNCTION count_taken_grants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE role_counts AS r SET granted = r.granted - g.granted, held = r.held - g.held,
      id_sum = r.id_sum - g.id_sum, id_squares = r.id_squares - g.id_squares
    FROM (SELECT t.role_id, t.user_id % 16 AS slot, count(*) AS granted,
        sum(c.held) AS held, sum(c.id_sum) AS id_sum, sum(c.id_squares) AS id_squares
      FROM taken AS t, counted(t) AS c GROUP BY 1, 2) AS g
    WHERE r.role_id = g.role_id AND r.slot = g.slot;
  RETURN NULL;
END $$;
CREATE TRIGGER grants_counted_delete AFTER DELETE ON grants
  REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION count_taken_grants();

CREATE FUNCTION count_changed_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was record := counted(old);
  becomes record := counted(new);
BEGIN
  UPDATE role_counts SET granted = granted - 1, held = held - was.held,
      id_sum = id_sum - was.id_sum, id_squares = id_squares - was.id_squares
    WHERE role_id = old.role_id AND slot = old.user_id % 16;
  INSERT INTO role_counts AS r (role_id, slot, granted, held, id_sum, id_squares)
    VALUES (new.role_id, new.user_id % 16, 1, becomes.held, becomes.id_sum, becomes.id_squares)
    ON CONFLICT (role_id, slot) DO UPDATE SET granted = r.granted + excluded.granted,
      held = r.held + excluded.held, id_sum = r.id_sum + excluded.id_sum,
      id_squares = r.id_squares + excluded.id_squares;
  RETURN NULL;
END $$;
CREATE TRIGGER grants_counted_update AFTER UPDATE
  OF role_id, user_id, workspace_id, cluster_id, is_active, valid_from, valid_until ON grants
  FOR EACH ROW EXECUTE FUNCTION count_changed_grant();
