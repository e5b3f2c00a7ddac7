DROP TABLE role_includes;
DROP TABLE roles;
DROP TABLE user_blocks;
DROP TABLE users;
DROP FUNCTION count_users;
