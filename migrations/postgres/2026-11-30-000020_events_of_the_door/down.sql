-- Destroys: where requests came from, how often things happened, and from where tokens were used.
DROP TABLE token_addresses;
ALTER TABLE events DROP COLUMN count;
ALTER TABLE events DROP COLUMN credential;
ALTER TABLE events DROP COLUMN source_address;
