DROP TRIGGER users_counted_insert ON users;
DROP FUNCTION count_new_users();
CREATE TRIGGER users_counted_insert AFTER INSERT ON users FOR EACH ROW
  WHEN (new.deleted_at IS NULL) EXECUTE FUNCTION count_users();
CREATE TRIGGER users_of_partner_insert AFTER INSERT ON users FOR EACH ROW
  WHEN (new.partner_id IS NOT NULL) EXECUTE FUNCTION count_users_of_partner();
