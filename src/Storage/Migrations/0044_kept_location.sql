-- 0044_kept_location.sql: an answer that is given again leads where the first one led
-- Sealed as the body is: it may name a contact. Null for no such header, and for what the version before keeps.
alter table idempotency_key add column location text null;
