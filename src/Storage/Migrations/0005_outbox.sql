-- 0005_outbox.sql: replies that are not settled, and events for whoever listens
create table outbox (
  tenant_id uuid not null,
  account_id uuid not null,
  message_id uuid not null,
  conversation_id uuid not null,
  reply_to text null,
  state smallint not null,
  attempts int not null,
  next_attempt_at timestamptz not null,
  sending_since timestamptz null,
  possibly_duplicate boolean not null default false,
  primary key (tenant_id, account_id, message_id))
with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_insert_threshold = -1);

-- Readers take only rows whose transaction is below every running one, in order (xid, id): a late commit is never skipped.
create table event (
  tenant_id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  id uuid not null,
  type text not null,
  account_id uuid null,
  conversation_id uuid null,
  message_id uuid null,
  data jsonb null,
  primary key (tenant_id, xid, id)) partition by range (id);
create table event_default partition of event default;
