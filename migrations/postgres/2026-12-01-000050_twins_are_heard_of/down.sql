DROP TRIGGER told_twins ON users;
