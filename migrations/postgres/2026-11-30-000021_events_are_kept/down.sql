DROP TRIGGER events_are_kept ON events;
DROP FUNCTION events_are_kept;
DROP TABLE event_pruning;
