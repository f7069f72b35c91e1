-- 0032_failed_replies.sql: a person may have a text that failed sent once more; its row in the outbox is gone, and is made anew
-- By the request, behind the fence, with no more than where it stands: what it says is the transcript's. See 0029.
grant insert (tenant_id, account_id, message_id, conversation_id, reply_to, state, attempts, next_attempt_at, possibly_duplicate) on outbox to channels_tenant;
