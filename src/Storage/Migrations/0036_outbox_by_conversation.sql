-- 0036_outbox_by_conversation.sql: the first replies that wait in a conversation are found without reading all that wait in it
-- Delivery reads each conversation's next few. Sorted by the conversation alone, those of one with 100,000 in it meant reading them all.
-- By the bytes of the message's id, which sort as the id does: had it the id itself, it would offer itself for look-ups by the key (see 0007 and 0029).
create index outbox_by_conversation_and_age on outbox (conversation_id, uuid_send(message_id));
drop index outbox_by_conversation;
alter index outbox_by_conversation_and_age rename to outbox_by_conversation;
