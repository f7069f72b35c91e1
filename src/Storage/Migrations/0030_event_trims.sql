-- 0030_event_trims.sql: a reader whose cursor stands before events that are no longer kept is told so, instead of passing over them
-- Of each tenant the last event that a trim took, written by the transaction that takes it. A cursor before it has missed something, unless the reader
-- knew of that trim already ('trim' counts up). A row that a later one covers is deleted: one a tenant, as long as clocks and transactions go the same way.
-- What went before this version is not known.
create table event_trim (
  tenant_id uuid not null,
  trim bigint not null generated always as identity,
  xid xid8 not null,
  id uuid not null,
  primary key (tenant_id, trim));
alter table event_trim enable row level security;
create policy tenant_sees_own on event_trim to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on event_trim to channels_tenant;
