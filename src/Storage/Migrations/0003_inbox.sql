-- 0003_inbox.sql: where a webhook is safe before its 200; a row lives until its account has dealt with it
create table inbox (
  tenant_id uuid not null,
  account_id uuid not null,
  id uuid not null,
  received_at timestamptz not null,
  path text not null,
  body bytea not null,
  primary key (tenant_id, account_id, id))
with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 100000);
-- Compressing a body that lives for milliseconds would cost more than writing it.
alter table inbox alter column body set storage external;

-- What nobody could read, with its reason; out of the way of what comes after, and replayable.
create table parked_webhook (
  tenant_id uuid not null,
  account_id uuid not null,
  id uuid not null,
  received_at timestamptz not null,
  parked_at timestamptz not null,
  reason text not null,
  path text not null,
  body bytea not null,
  primary key (tenant_id, id));
create index parked_webhook_by_account on parked_webhook (tenant_id, account_id, id);
