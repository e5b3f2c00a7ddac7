DROP TRIGGER events_are_not_replaced;
DROP TRIGGER events_are_kept;
DROP TABLE event_pruning;
