-- 0026_turns_wait_for_files.sql: an agent that takes files gets a message together with its file, or is told that it is still missing
-- Until then the message's turn waits for the file; null where no turn does. It goes with the row when the file is here or given up.
alter table media_fetch add column turn_waits_until timestamptz null;
