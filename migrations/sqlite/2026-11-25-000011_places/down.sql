DROP INDEX clusters_title;
DROP INDEX partners_title;
