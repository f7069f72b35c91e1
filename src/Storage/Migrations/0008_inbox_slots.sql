-- 0008_inbox_slots.sql: the inbox in two halves, so that an emptied one is cut to nothing instead of vacuumed
-- Webhooks go into one half, then into the other (Storage/Inbox/InboxSlots). Every row is soon a dead one; vacuuming them away cost a fifth of what
-- Postgres did for an acknowledgement, and what is left of a half that is drained has no rows to spare.
alter table inbox rename to inbox_0;
alter table inbox_0 add column slot smallint not null default 0;
alter table inbox_0 drop constraint inbox_pkey;
alter table inbox_0 add constraint inbox_0_pkey primary key (tenant_id, account_id, id, slot);
create table inbox (
  tenant_id uuid not null,
  account_id uuid not null,
  id uuid not null,
  received_at timestamptz not null,
  path text not null,
  body bytea not null,
  slot smallint not null default 0,
  primary key (tenant_id, account_id, id, slot)) partition by list (slot);
alter table inbox attach partition inbox_0 for values in (0);
create table inbox_1 partition of inbox (slot default 1) for values in (1);
alter table inbox_1 alter column body set storage external;
-- A backlog that outlasts both halves is vacuumed after all.
alter table inbox_0 set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 400000, autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 400000);
alter table inbox_1 set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 400000, autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 400000);

alter table inbox enable row level security;
create policy tenant_sees_own on inbox to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select, insert on inbox to channels_tenant;
