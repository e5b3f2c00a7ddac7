DROP TRIGGER users_of_partner_insert;
DROP TRIGGER users_of_partner_delete;
DROP TRIGGER users_of_partner_leave;
DROP TRIGGER users_of_partner_join;
DROP TABLE partner_blocks;
