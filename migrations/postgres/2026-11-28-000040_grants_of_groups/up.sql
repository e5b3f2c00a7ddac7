-- Which grants follow from groups of another directory, and go with them: 'ldap'. Null: given here.
ALTER TABLE grants ADD COLUMN origin TEXT;
