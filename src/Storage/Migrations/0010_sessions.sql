-- 0010_sessions.sql: how each account's pairing stands, and when it must be looked after; codes are as good as passwords and are not kept
create table session (
  tenant_id uuid not null,
  account_id uuid not null,
  status text not null,
  since timestamptz not null,
  code text null,
  reason text null,
  next_step text null,
  wanted boolean not null,
  own_id text null,
  attempts int not null,
  dropped_at timestamptz null,
  due_at timestamptz null,
  gateway_fault boolean not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade);
-- The sweep asks once a second who is due.
create index session_due on session (due_at, account_id) where due_at is not null;

alter table session enable row level security;
create policy tenant_sees_own on session to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select, delete on session to channels_tenant;
