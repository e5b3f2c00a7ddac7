ALTER TABLE grants DROP COLUMN modified_by;
ALTER TABLE tokens DROP COLUMN modified_by;
