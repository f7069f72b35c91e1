-- 0019_outbound.sql: a message to send may be more than text: a file, a place, a template, something to choose from
alter table outbox add column content jsonb null;
