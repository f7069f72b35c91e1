-- 0040_waiting_files.sql: a sweep's look passes by files whose time has not come
-- By itself: a recorder that goes on beside it may hold either table and want the other.

-- Whether any of an account's files is due. By a word for the account that no look-up by the key uses, to which it would offer itself (see 0007).
drop index media_fetch_due;
create index media_fetch_by_account on media_fetch (uuid_send(account_id), next_attempt_at);
