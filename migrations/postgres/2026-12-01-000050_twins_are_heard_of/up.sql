-- A new user whose letters somebody has already, as an import brings them, is the
-- one who makes it matter how the other's name is written: what is remembered of
-- callers is void.
CREATE TRIGGER told_twins AFTER INSERT ON users FOR EACH ROW
  WHEN (new.username_folded IS NULL) EXECUTE FUNCTION tell_credentials();
