DROP TRIGGER user_blocks_insert;
DROP TRIGGER user_blocks_update;
DROP TRIGGER user_blocks_delete;
DROP TABLE user_spans;
DROP TRIGGER partner_blocks_insert;
DROP TRIGGER partner_blocks_update;
DROP TRIGGER partner_blocks_delete;
DROP TABLE partner_spans;
