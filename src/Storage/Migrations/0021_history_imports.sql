-- 0021_history_imports.sql: how far the import of an account's history has come, over restarts
create table history_import (
  tenant_id uuid not null,
  account_id uuid not null,
  id uuid not null,
  strategy smallint not null,
  most int null,
  state smallint not null,
  read bigint not null,
  cursor text null,
  reason text null,
  next_step text null,
  failures int not null,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz null,
  primary key (tenant_id, account_id, id),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade);
alter table history_import enable row level security;
create policy tenant_sees_own on history_import to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on history_import to channels_tenant;
