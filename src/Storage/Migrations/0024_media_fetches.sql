-- 0024_media_fetches.sql: files that messages only name are fetched in a step of their own, over restarts
create table media_fetch (
  tenant_id uuid not null,
  account_id uuid not null,
  message_id uuid not null,
  media jsonb not null,
  attempts int not null default 0,
  next_attempt_at timestamptz not null,
  reason text null,
  primary key (tenant_id, account_id, message_id));
create index media_fetch_due on media_fetch (next_attempt_at, account_id);
alter table media_fetch enable row level security;
create policy tenant_sees_own on media_fetch to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on media_fetch to channels_tenant;
