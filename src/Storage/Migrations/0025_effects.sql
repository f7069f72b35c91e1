-- 0025_effects.sql: what a provider says about a number or a contact has consequences that outlive the process: holds, slower sending, contacts out of reach, conversations given back, how a number stands
alter table account
  add column held_until timestamptz null,
  add column held_reason text null,
  add column slowed_until timestamptz null,
  add column slowed_reason text null;

-- Webhooks come several times and in any order: of two that contradict each other the one that happened later counts, so each keeps when it happened.
alter table conversation
  add column paused_at timestamptz null,
  add column resumed_at timestamptz null,
  add column unreachable_since timestamptz null,
  add column unreachable_reason text null,
  add column reach_changed_at timestamptz null;

-- Who has written since can be written to, whatever was said before. Null: within reach.
create function out_of_reach_since(unreachable_since timestamptz, contact_wrote_at timestamptz) returns timestamptz language sql immutable parallel safe as $f$
  select case when contact_wrote_at is null or contact_wrote_at <= unreachable_since then unreachable_since end
$f$;

alter table intake
  add column health jsonb null,
  add column health_at timestamptz null;

-- Accounts that were active before anybody looked after their health; spread over the hour, so that an upgrade asks for all of them at no one moment.
insert into intake (tenant_id, account_id, due_at, failures)
select a.tenant_id, a.id, now() + random() * interval '1 hour', 0
from account a join connector c on c.tenant_id = a.tenant_id and c.id = a.connector_id
where c.kind = 'whatsapp_cloud' and a.deleted_at is null and a.status not in ('pending', 'inactive')
on conflict do nothing;

-- How far a provider's own count of its updates has come, and which numbers were passed over: an update that never came is otherwise seen by nobody.
alter table intake add column code_since timestamptz null;
create table update_sequence (
  tenant_id uuid not null,
  account_id uuid not null,
  highest bigint not null,
  highest_at timestamptz not null,
  missing int8multirange not null default '{}',
  missing_since timestamptz null,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade) with (fillfactor = 50);
alter table update_sequence enable row level security;
create policy tenant_sees_own on update_sequence to channels_tenant using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));
grant select, delete on update_sequence to channels_tenant;
