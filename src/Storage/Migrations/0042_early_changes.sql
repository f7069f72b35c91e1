-- 0042_early_changes.sql: an edit or a deletion that comes before its message waits for it: the provider's webhooks are not ordered
-- The conversation is nil where the change does not say which chat it was made in.
create table early_change (
  tenant_id uuid not null,
  account_id uuid not null,
  provider_message_id text not null,
  conversation_id uuid not null,
  text text null,
  deleted boolean not null,
  changed_at timestamptz null,
  at timestamptz not null,
  primary key (tenant_id, account_id, provider_message_id, conversation_id));

alter table early_change enable row level security;
create policy tenant_sees_own on early_change to channels_tenant using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));
grant select, delete on early_change to channels_tenant;
