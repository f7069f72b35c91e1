-- 0002_tenants_and_channels.sql: who owns what; settings in clear, secrets sealed, nothing readable across tenants
create table tenant (
  id uuid primary key,
  name text not null,
  suspended_at timestamptz null,
  suspended_reason text null,
  created_at timestamptz not null);

create table org_unit (
  tenant_id uuid not null references tenant on delete cascade,
  id uuid not null,
  name text not null,
  is_default boolean not null default false,
  primary key (tenant_id, id));
create unique index org_unit_default on org_unit (tenant_id) where is_default;

create table api_key (
  tenant_id uuid not null references tenant on delete cascade,
  id uuid not null,
  name text not null,
  hash bytea not null,
  created_at timestamptz not null,
  revoked_at timestamptz null,
  primary key (tenant_id, id));
create unique index api_key_by_hash on api_key (hash);

-- One data key per tenant and generation, wrapped by the master key: rotating the master key rewraps these and touches no secret.
create table data_key (
  tenant_id uuid not null references tenant on delete cascade,
  id int not null,
  wrapped bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, id));

create table connector (
  tenant_id uuid not null references tenant on delete cascade,
  id uuid not null,
  kind text not null,
  settings jsonb not null,
  secrets bytea null,
  status text not null,
  status_code text null,
  status_reason text null,
  status_since timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id));

create table account (
  tenant_id uuid not null,
  id uuid not null,
  connector_id uuid not null,
  name text not null,
  identity text not null,
  org_unit_id uuid null,
  intake_flow_id uuid null,
  webhook_secret bytea not null,
  agent jsonb not null,
  agent_secrets bytea null,
  policy jsonb not null,
  status text not null,
  status_code text null,
  status_reason text null,
  next_step text null,
  status_since timestamptz not null,
  activated_at timestamptz null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz null,
  primary key (tenant_id, id),
  foreign key (tenant_id, connector_id) references connector (tenant_id, id) on delete cascade,
  foreign key (tenant_id, org_unit_id) references org_unit (tenant_id, id),
  check (org_unit_id is not null or intake_flow_id is not null));
create unique index account_identity on account (tenant_id, connector_id, identity) where deleted_at is null;
-- The front end knows a channel id before it knows the tenant.
create unique index account_by_id on account (id);

-- What no two channels of a tenant may share (a gateway's instance, a number on a gateway): the key holds them apart, not a check before the insert.
create table channel_claim (
  tenant_id uuid not null,
  claim text not null,
  account_id uuid not null,
  primary key (tenant_id, claim),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade);
create index channel_claim_by_account on channel_claim (tenant_id, account_id);

create table account_status_history (
  tenant_id uuid not null,
  account_id uuid not null,
  id uuid not null,
  status text not null,
  code text null,
  reason text null,
  at timestamptz not null,
  primary key (tenant_id, account_id, id));

create table idempotency_key (
  tenant_id uuid not null references tenant on delete cascade,
  key text not null,
  request_hash bytea not null,
  status int null,
  body text null,
  created_at timestamptz not null,
  primary key (tenant_id, key));

-- Front ends cache channels; a change tells them. Lost notifications are covered by the cache's short expiry.
create function tell_channel_changed() returns trigger language plpgsql as $f$
begin
  if tg_table_name = 'tenant' then
    perform pg_notify('channels_changed', 'tenant:' || new.id);
  elsif tg_table_name = 'connector' then
    perform pg_notify('channels_changed', 'connector:' || coalesce(new.id, old.id));
  else
    perform pg_notify('channels_changed', 'account:' || coalesce(new.id, old.id));
  end if;
  return null;
end $f$;
create trigger tell_channel_changed after update on tenant for each row execute function tell_channel_changed();
create trigger tell_channel_changed after insert or update or delete on connector for each row execute function tell_channel_changed();
create trigger tell_channel_changed after insert or update or delete on account for each row execute function tell_channel_changed();
