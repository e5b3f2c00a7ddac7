-- What lists of partners and clusters are sorted and looked through by.
CREATE INDEX partners_title ON partners (title, id);
CREATE INDEX clusters_title ON clusters (title, id);
-- That a place which still has grants stays is seen to by the program here:
-- there is one writer, so nobody gives a grant while it looks.
