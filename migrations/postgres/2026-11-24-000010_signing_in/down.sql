-- Ends every sign-in and makes access tokens that are about unverifiable.
DROP TABLE signing_keys;
DROP TABLE refresh_tokens;
DROP TABLE sign_ins;
