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
) WITHOUT ROWID;
INSERT INTO role_counts (role_id, slot, granted, held, id_sum, id_squares)
  SELECT role_id, user_id % 16, count(*), sum(always), sum(always * rest),
    sum(always * (rest * rest % 2147483647))
  FROM (SELECT role_id, user_id, id % 2147483647 AS rest,
      workspace_id IS NULL AND cluster_id IS NULL AND is_active
        AND valid_from IS NULL AND valid_until IS NULL AS always
    FROM grants)
  GROUP BY 1, 2;

CREATE INDEX grants_timed ON grants (role_id, user_id, is_active, valid_from, valid_until)
  WHERE workspace_id IS NULL AND cluster_id IS NULL
    AND (valid_from IS NOT NULL OR valid_until IS NOT NULL);

CREATE TRIGGER grants_counted_insert AFTER INSERT ON grants BEGIN
  INSERT INTO role_counts (role_id, slot, granted, held, id_sum, id_squares)
    SELECT new.role_id, new.user_id % 16, 1, always, always * rest,
      always * (rest * rest % 2147483647)
    FROM (SELECT new.id % 2147483647 AS rest,
      new.workspace_id IS NULL AND new.cluster_id IS NULL AND new.is_active
        AND new.valid_from IS NULL AND new.valid_until IS NULL AS always)
    WHERE TRUE
    ON CONFLICT (role_id, slot) DO UPDATE SET granted = granted + excluded.granted,
      held = held + excluded.held, id_sum = id_sum + excluded.id_sum,
      id_squares = id_squares + excluded.id_squares;
END;
CREATE TRIGGER grants_counted_delete AFTER DELETE ON grants BEGIN
  UPDATE role_counts SET granted = granted - 1, held = held - always,
    id_sum = id_sum - always * rest, id_squares = id_squares - always * (rest * rest % 2147483647)
    FROM (SELECT old.id % 2147483647 AS rest,
      old.workspace_id IS NULL AND old.cluster_id IS NULL AND old.is_active
        AND old.valid_from IS NULL AND old.valid_until IS NULL AS always)
    WHERE role_id = old.role_id AND slot = old.user_id % 16;
END;
CREATE TRIGGER grants_counted_update
AFTER UPDATE OF role_id, user_id, workspace_id, cluster_id, is_active, valid_from, valid_until ON grants
BEGIN
  UPDATE role_counts SET granted = granted - 1, held = held - always,
    id_sum = id_sum - always * rest, id_squares = id_squares - always * (rest * rest % 2147483647)
    FROM (SELECT old.id % 2147483647 AS rest,
      old.workspace_id IS NULL AND old.cluster_id IS NULL AND old.is_active
        AND old.valid_from IS NULL AND old.valid_until IS NULL AS always)
    WHERE role_id = old.role_id AND slot = old.user_id % 16;
  INSERT INTO role_counts (role_id, slot, granted, held, id_sum, id_squares)
    SELECT new.role_id, new.user_id % 16, 1, always, always * rest,
      always * (rest * rest % 2147483647)
    FROM (SELECT new.id % 2147483647 AS rest,
      new.workspace_id IS NULL AND new.cluster_id IS NULL AND new.is_active
        AND new.valid_from IS NULL AND new.valid_until IS NULL AS always)
    WHERE TRUE
    ON CONFLICT (role_id, slot) DO UPDATE SET granted = granted + excluded.granted,
      held = held + excluded.held, id_sum = id_sum + excluded.id_sum,
      id_squares = id_squares + excluded.id_squares;
END;
