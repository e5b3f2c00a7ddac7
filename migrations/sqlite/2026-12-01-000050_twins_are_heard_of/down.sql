DROP TRIGGER credentials_twins;
