-- Where a sign-in came from, by what program, and when it was last used.
ALTER TABLE sign_ins ADD COLUMN address TEXT;
ALTER TABLE sign_ins ADD COLUMN user_agent TEXT;
ALTER TABLE sign_ins ADD COLUMN last_used TEXT;

-- A token that was made with an access token ends with its sign-in.
ALTER TABLE tokens ADD COLUMN sign_in_id BIGINT REFERENCES sign_ins (id) ON DELETE CASCADE;
