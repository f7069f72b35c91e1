-- 0004_transcript.sql: conversations, their messages, and the keys that hold duplicates off
create table conversation (
  tenant_id uuid not null,
  account_id uuid not null,
  id uuid not null,
  chat_id text not null,
  chat_type text not null,
  contact_name text null,
  contact_phone text null,
  contact_avatar_url text null,
  prompt_context text null,
  paused_until timestamptz null,
  merged_into uuid null,
  created_at timestamptz not null,
  last_message_at timestamptz null,
  primary key (tenant_id, id)) with (fillfactor = 70);
create index conversation_by_account on conversation (tenant_id, account_id);

-- Every id a contact is known by (phone, hidden id, user id) leads to one conversation.
create table conversation_alias (
  tenant_id uuid not null,
  account_id uuid not null,
  alias text not null,
  conversation_id uuid not null,
  primary key (tenant_id, account_id, alias));
create index conversation_alias_by_conversation on conversation_alias (tenant_id, account_id, conversation_id);

-- Grows with history: partitioned by the time in the id (UUIDv7), trimmed by dropping partitions. The default partition catches what no other takes.
create table transcript (
  tenant_id uuid not null,
  account_id uuid not null,
  id uuid not null,
  conversation_id uuid not null,
  outbound boolean not null,
  author smallint not null,
  kind text not null,
  provider_message_id text null,
  text text null,
  status text not null,
  reason text null,
  sender_id text null,
  sender_name text null,
  occurred_at timestamptz not null,
  status_at timestamptz null,
  edited_at timestamptz null,
  possibly_duplicate boolean not null default false,
  details jsonb null,
  primary key (tenant_id, account_id, id)) partition by range (id);
create table transcript_default partition of transcript default with (fillfactor = 85);
create index transcript_by_conversation on transcript (tenant_id, conversation_id, id);

-- A provider's duplicate meets its key here, in the statement that would insert it. Hash-partitioned by account, trimmed by age.
create table message_key (
  account_id uuid not null,
  provider_message_id text not null,
  conversation_id uuid not null,
  key_class text not null,
  revision text not null,
  message_id uuid not null,
  primary key (account_id, provider_message_id, conversation_id, key_class, revision)) partition by hash (account_id);
create table message_key_0 partition of message_key for values with (modulus 8, remainder 0);
create table message_key_1 partition of message_key for values with (modulus 8, remainder 1);
create table message_key_2 partition of message_key for values with (modulus 8, remainder 2);
create table message_key_3 partition of message_key for values with (modulus 8, remainder 3);
create table message_key_4 partition of message_key for values with (modulus 8, remainder 4);
create table message_key_5 partition of message_key for values with (modulus 8, remainder 5);
create table message_key_6 partition of message_key for values with (modulus 8, remainder 6);
create table message_key_7 partition of message_key for values with (modulus 8, remainder 7);

-- Messages that wait for the agent. A turn's row goes in the transaction that queues its reply.
create table turn (
  tenant_id uuid not null,
  account_id uuid not null,
  conversation_id uuid not null,
  message_id uuid not null,
  primary key (tenant_id, account_id, conversation_id, message_id))
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_insert_threshold = -1);

-- Own messages nobody here knows yet: ours, if the send under way turns out to have this id or text; else a person's.
create table held_echo (
  tenant_id uuid not null,
  account_id uuid not null,
  message_id uuid not null,
  conversation_id uuid not null,
  provider_message_id text not null,
  kind text not null,
  author smallint not null,
  text text null,
  details jsonb null,
  occurred_at timestamptz not null,
  deadline timestamptz not null,
  pauses_agent boolean not null,
  primary key (tenant_id, account_id, provider_message_id, conversation_id));

-- Receipts that came before we knew the message's id: the provider's webhooks are not ordered.
create table early_receipt (
  account_id uuid not null,
  provider_message_id text not null,
  status text not null,
  reason text null,
  at timestamptz not null,
  primary key (account_id, provider_message_id));

create table channel_counter (
  tenant_id uuid not null,
  account_id uuid not null,
  messages_received bigint not null default 0,
  messages_sent bigint not null default 0,
  messages_failed bigint not null default 0,
  duplicates_dropped bigint not null default 0,
  webhooks_finished bigint not null default 0,
  webhooks_parked bigint not null default 0,
  events_without_row bigint not null default 0,
  last_message_at timestamptz null,
  last_error_at timestamptz null,
  last_error text null,
  primary key (tenant_id, account_id)) with (fillfactor = 50);

-- Delivery states in the order they may only move forward in. failed ends it, unless the provider proves otherwise by delivering.
create function status_rank(status text) returns int language sql immutable parallel safe as $f$
  select case status when 'queued' then 0 when 'sending' then 1 when 'unknown' then 2 when 'sent' then 3 when 'failed' then 4
                     when 'delivered' then 5 when 'read' then 6 else -1 end
$f$;
