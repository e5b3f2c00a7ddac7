-- An import can create a user whose name differs from another's only in case. From
-- then on both names have to be typed exactly, so cached accounts are invalid.
CREATE TRIGGER told_twins AFTER INSERT ON users FOR EACH ROW
  WHEN (new.username_folded IS NULL) EXECUTE FUNCTION tell_credentials();
