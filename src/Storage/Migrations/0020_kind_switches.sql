-- 0020_kind_switches.sql: a tenant may switch a channel kind off; a row says that it did
create table kind_switched_off (
  tenant_id uuid not null references tenant on delete cascade,
  kind text not null,
  since timestamptz not null,
  primary key (tenant_id, kind));
alter table kind_switched_off enable row level security;
create policy tenant_sees_own on kind_switched_off to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select, insert, delete on kind_switched_off to channels_tenant;
