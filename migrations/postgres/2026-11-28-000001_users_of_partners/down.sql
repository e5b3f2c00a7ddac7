CREATE INDEX users_partner ON users (partner_id);
DROP INDEX users_of_partner;
DROP TRIGGER users_of_partner_insert ON users;
DROP TRIGGER users_of_partner_delete ON users;
DROP TRIGGER users_of_partner_move ON users;
DROP FUNCTION count_users_of_partner();
DROP TABLE partner_blocks;
