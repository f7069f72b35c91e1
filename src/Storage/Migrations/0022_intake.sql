-- 0022_intake.sql: some providers must be asked for messages, or whether they still post them: how far, and when next, outlives the process
create table intake (
  tenant_id uuid not null,
  account_id uuid not null,
  cursor text null,
  due_at timestamptz null,
  code text null,
  failures int not null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade);
-- The sweep asks once a second who is due.
create index intake_due on intake (due_at, account_id) where due_at is not null;

alter table intake enable row level security;
create policy tenant_sees_own on intake to channels_tenant using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));
grant select, delete on intake to channels_tenant;
