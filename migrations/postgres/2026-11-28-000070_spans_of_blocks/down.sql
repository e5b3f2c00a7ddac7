DROP TRIGGER user_blocks_summed ON user_blocks;
DROP FUNCTION sum_user_blocks();
DROP TABLE user_spans;
DROP TRIGGER partner_blocks_summed ON partner_blocks;
DROP FUNCTION sum_partner_blocks();
DROP TABLE partner_spans;
