-- 0026_turns_wait_for_files.sql: an agent that takes files gets a message together with its file, or is told that it is still missing
-- Until then the message's turn waits for the file; null where no turn does. It goes with the row when the file is here or given up.
alter table media_fetch add column turn_waits_until timestamptz null;

-- By the moment alone: with the account in it, it offered itself for look-ups by the key, which planned on an empty table read it from end to end (see 0007).
drop index media_fetch_due;
create index media_fetch_due on media_fetch (next_attempt_at) include (account_id);
