-- 0029_buttons.sql: sends of a conversation and parked webhooks of a cause are found by it, and a person may end what waits for a person
-- Every echo asks whether a send of its conversation is under way. Without this index it read all that the account had queued: 12 ms for 50,000 replies.
-- Not by state: a reply's steps go on changing nothing that is indexed. By nothing else, so that it never offers itself for a look-up by the key (see 0007).
create index outbox_by_conversation on outbox (conversation_id);

-- Each slice of a replay read all that is parked, of all tenants, and cut the cause out of each reason again: 2 s for 300,000, five times a second.
alter table parked_webhook add column cause text not null generated always as (drop_reason(reason)) stored;
create index parked_webhook_by_cause on parked_webhook (tenant_id, cause, id) include (account_id, received_at, parked_at);

-- What a person ends is written by the request that ends it, behind the fence like all requests: of its own tenant's rows, and of a message no more than where it stands.
grant delete, update (state, next_attempt_at, possibly_duplicate, reason) on outbox to channels_tenant;
grant update (status, status_at, reason, sent_at, attempts, look_ups, possibly_duplicate) on transcript to channels_tenant;
grant insert on event to channels_tenant;
grant insert, update on channel_counter, drop_counter to channels_tenant;
