-- 0032_failed_replies.sql: a person may have a text that failed sent once more; its row in the outbox is gone, and is made anew
-- Its age counts from then, not from when it was made. Null: nobody had it sent once more.
alter table outbox add column queued_at timestamptz null;
grant update (queued_at) on outbox to channels_tenant;

-- By the request, behind the fence, with no more than where it stands: what it says is the transcript's. See 0029.
grant insert (tenant_id, account_id, message_id, conversation_id, reply_to, state, attempts, next_attempt_at, queued_at, possibly_duplicate) on outbox to channels_tenant;
