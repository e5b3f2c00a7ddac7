-- Processes remember who callers are. What could make that wrong is told to all
-- of them when it is committed, on the channel `rolecall`: SQLite's triggers move
-- a version row instead, in which writers would wait for each other here.
-- A commit that tells waits for all others that tell, so nothing else does.
CREATE FUNCTION tell_credentials() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('rolecall', 'credentials');
  RETURN NULL;
END $$;

-- A grant matters to what is remembered when it permits something here and
-- everywhere. Most roles mean something to other systems only.
CREATE FUNCTION permits_something(role BIGINT) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM role_closure JOIN roles ON roles.id = role_closure.part_id
    WHERE role_closure.role_id = role AND (roles.id = 1 OR roles.permissions <> '[]')
  )
$$;
CREATE FUNCTION tell_granted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (
      SELECT DISTINCT role_id FROM changed WHERE workspace_id IS NULL AND cluster_id IS NULL
    ) AS held WHERE permits_something(held.role_id)
  ) THEN
    PERFORM pg_notify('rolecall', 'credentials');
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION tell_regranted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF permits_something(old.role_id) OR permits_something(new.role_id) THEN
    PERFORM pg_notify('rolecall', 'credentials');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER told_users AFTER UPDATE OF username, password_hash, external, is_active, deleted_at
  ON users FOR EACH ROW
  WHEN (old.username <> new.username OR old.password_hash IS DISTINCT FROM new.password_hash
    OR old.external <> new.external OR old.is_active <> new.is_active
    OR old.deleted_at IS DISTINCT FROM new.deleted_at)
  EXECUTE FUNCTION tell_credentials();
CREATE TRIGGER told_users_purged AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION tell_credentials();
CREATE TRIGGER told_granted AFTER INSERT ON grants
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_granted();
CREATE TRIGGER told_ungranted AFTER DELETE ON grants
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tell_granted();
CREATE TRIGGER told_regranted
  AFTER UPDATE OF user_id, role_id, workspace_id, cluster_id, is_active, valid_from, valid_until
  ON grants FOR EACH ROW
  WHEN ((old.workspace_id IS NULL AND old.cluster_id IS NULL)
    OR (new.workspace_id IS NULL AND new.cluster_id IS NULL))
  EXECUTE FUNCTION tell_regranted();
CREATE TRIGGER told_roles AFTER UPDATE OF permissions ON roles FOR EACH ROW
  WHEN (old.permissions <> new.permissions) EXECUTE FUNCTION tell_credentials();
-- The grants of a role go with it, when nobody knows any more what it permitted.
CREATE TRIGGER told_roles_gone AFTER DELETE ON roles FOR EACH ROW
  WHEN (old.permissions <> '[]') EXECUTE FUNCTION tell_credentials();
CREATE TRIGGER told_parts AFTER INSERT ON role_closure FOR EACH ROW
  WHEN (new.role_id <> new.part_id) EXECUTE FUNCTION tell_credentials();
CREATE TRIGGER told_parts_gone AFTER DELETE ON role_closure FOR EACH ROW
  WHEN (old.role_id <> old.part_id) EXECUTE FUNCTION tell_credentials();
CREATE TRIGGER told_tokens AFTER UPDATE OF hash, scopes, expires, user_id ON tokens FOR EACH ROW
  WHEN (old.hash <> new.hash OR old.scopes IS DISTINCT FROM new.scopes
    OR old.expires IS DISTINCT FROM new.expires OR old.user_id <> new.user_id)
  EXECUTE FUNCTION tell_credentials();
CREATE TRIGGER told_tokens_revoked AFTER DELETE ON tokens FOR EACH ROW EXECUTE FUNCTION tell_credentials();
CREATE TRIGGER told_signed_out AFTER DELETE ON sign_ins FOR EACH ROW EXECUTE FUNCTION tell_credentials();

CREATE FUNCTION tell_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('rolecall', 'keys');
  RETURN NULL;
END $$;
CREATE TRIGGER told_keys AFTER INSERT OR UPDATE OR DELETE ON signing_keys
  FOR EACH STATEMENT EXECUTE FUNCTION tell_keys();
