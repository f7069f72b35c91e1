-- 0028_buttons.sql: sends of one conversation are found by it, and a person may end what waits for a person: replies of unknown outcome, parked webhooks
-- Every echo asks whether a send of its conversation is under way. Without this index it read all that the account had queued: 12 ms for 50,000 replies.
-- Not by state: a reply's steps go on changing nothing that is indexed. By nothing else, so that it never offers itself for a look-up by the key (see 0007).
create index outbox_by_conversation on outbox (conversation_id);

-- What a person ends is written by the request that ends it, behind the fence like all requests: of its own tenant's rows, and of a message no more than where it stands.
grant delete, update (state, next_attempt_at, possibly_duplicate, reason) on outbox to channels_tenant;
grant update (status, status_at, reason, sent_at, attempts, look_ups, possibly_duplicate) on transcript to channels_tenant;
grant insert on event to channels_tenant;
grant insert, update on channel_counter, drop_counter to channels_tenant;
