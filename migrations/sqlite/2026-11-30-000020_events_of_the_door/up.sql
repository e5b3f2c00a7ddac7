-- Where a request came from and what it proved its caller with, and how often
-- what is counted has happened.
ALTER TABLE events ADD COLUMN source_address TEXT;
ALTER TABLE events ADD COLUMN credential TEXT;
ALTER TABLE events ADD COLUMN count BIGINT NOT NULL DEFAULT 1;

-- From where API tokens were used, so that a new address is told. Of IPv6 the
-- network: a host there has many addresses.
CREATE TABLE token_addresses (
  token_id BIGINT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  seen TEXT NOT NULL,
  PRIMARY KEY (token_id, address)
) WITHOUT ROWID;
