-- 0039_lost_conversations_and_unknown_replies.sql: what is said in a conversation that is not there is refused; a sweep's look passes by replies that nobody works on
-- After a fail-over to a replica that lacked the last moments, accounts remembered conversations that no longer were, and wrote into them. A foreign key would
-- lock the conversation with each message; the statement that records them touches their conversations anyway, and sees which it did not find.
create function no_such_conversation(conversation uuid) returns uuid language plpgsql as $f$
begin
  raise exception using errcode = 'foreign_key_violation', message = 'there is no such conversation', constraint = 'conversation_is_there';
end $f$;

-- Replies of unknown outcome stay until somebody settles them: years of them lay between those that wait, and every look read them all. Asked by a column
-- that stays as it is while a reply goes from waiting to being sent: that is most of what is written here, and touches no index.
alter table outbox add column unknown_since timestamptz null generated always as (case when state = 2 then coalesce(sending_since, '-infinity') end) stored;
create index outbox_waiting on outbox (tenant_id, account_id, message_id) where unknown_since is null;
create index outbox_unknown on outbox (unknown_since) where unknown_since is not null;
