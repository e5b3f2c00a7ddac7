DROP TABLE outbox;
DROP TABLE idempotency;
