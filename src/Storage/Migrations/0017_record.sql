-- 0017_record.sql: every message can be followed from its webhook to its reply, and the books of what was acknowledged and what became of it can be closed
-- Facts of a message's way, each written by a statement that writes its row anyway. Null where it was before this version, or where it does not apply.
alter table transcript
  add column received_at timestamptz null,  -- in: when its webhook was stored
  add column turn_id uuid null,             -- out: the message it answers; in: the first message of the burst it was answered with
  add column asked_at timestamptz null,     -- when the agent was asked: on the reply, or on the message that got none
  add column asks int null,                 -- how often, as far as the process that ended the turn knows
  add column attempts int null,             -- out: attempts to send it, once that is settled
  add column look_ups int null,             -- out: how often the provider was asked whether it has it
  add column sent_at timestamptz null,
  add column delivered_at timestamptz null,
  add column read_at timestamptz null;
alter table turn add column asked_at timestamptz null;
alter table outbox
  add column reason text null,
  add column look_ups int not null default 0,
  add column looked_up_at timestamptz null,
  add column look_up_answer text null;

-- How often a provider brought the same again, and when last.
alter table message_key add column repeats int not null default 0, add column repeated_at timestamptz null;
alter table message_key enable row level security;
create policy tenant_sees_own on message_key to channels_tenant
  using (exists (select from account a where a.id = account_id and a.tenant_id = (select current_tenant())));
grant select on message_key to channels_tenant;

-- What was acknowledged, counted at the door. Each COPY into the inbox brings one row of the nil tenant with its webhooks by account, in the same
-- transaction; Maintenance/InboxReclaiming adds them up here. Only from here on can the books be out of balance: acknowledged, and nowhere.
create table acceptance (
  tenant_id uuid not null,
  account_id uuid not null,
  accepted bigint not null,
  primary key (tenant_id, account_id)) with (fillfactor = 50);

-- What has no row of its own ('event'), and messages that were recorded but not answered ('message'), by reason. The reasons are ours, and few.
create table drop_counter (
  tenant_id uuid not null,
  account_id uuid not null,
  what text not null,
  reason text not null,
  dropped bigint not null,
  last_at timestamptz not null,
  primary key (tenant_id, account_id, what, reason)) with (fillfactor = 50);

-- What a reason is counted under: its details (what stands behind a colon, and numbers) would make a row of each.
create function drop_reason(reason text) returns text language sql immutable parallel safe as $f$
  select left(regexp_replace(split_part(coalesce(nullif(reason, ''), 'no reason given'), ':', 1), '\m[0-9]+\M', '#', 'g'), 100)
$f$;

alter table channel_counter
  add column messages_answered bigint not null default 0,
  add column messages_ended_before bigint not null default 0,
  add column replies_queued bigint not null default 0;

-- The books open with what is there.
insert into acceptance (tenant_id, account_id, accepted)
select a.tenant_id, a.id, coalesce(c.webhooks_finished, 0)
  + (select count(*) from inbox i where i.tenant_id = a.tenant_id and i.account_id = a.id)
  + (select count(*) from parked_webhook p where p.tenant_id = a.tenant_id and p.account_id = a.id)
from account a left join channel_counter c on c.tenant_id = a.tenant_id and c.account_id = a.id;
update channel_counter c
set messages_ended_before = greatest(0, c.messages_received - (select count(*) from turn t where t.tenant_id = c.tenant_id and t.account_id = c.account_id)),
    replies_queued = c.messages_sent + c.messages_failed + (select count(*) from outbox o where o.tenant_id = c.tenant_id and o.account_id = c.account_id);
insert into drop_counter (tenant_id, account_id, what, reason, dropped, last_at)
select tenant_id, account_id, 'event', 'before reasons were counted', events_without_row, now() from channel_counter where events_without_row > 0;
update channel_counter set events_without_row = 0 where events_without_row > 0;

-- What this tenant's channels acknowledged and nobody has added up yet. The rows belong to no tenant, hence the definer's rights.
create function acceptances_to_add() returns table (account_id uuid, accepted bigint)
language sql stable security definer set search_path from current as $f$
  select a.id, sum(n.value::bigint)::bigint
  from inbox i cross join lateral jsonb_each_text(i.path::jsonb) as n join account a on a.id = n.key::uuid
  where i.tenant_id = '00000000-0000-0000-0000-000000000000' and i.account_id = '00000000-0000-0000-0000-000000000000' and a.tenant_id = current_tenant()
  group by a.id
$f$;

-- Parked webhooks that are put back little by little. Goes on after a restart: where it stands is written with each slice.
create table replay (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid null,
  kind text null,
  reason text null,
  rate int not null,
  matched bigint not null,
  replayed bigint not null default 0,
  created_at timestamptz not null,
  next_at timestamptz null,                 -- null: it has ended
  after_id uuid not null,
  state text not null,
  ended_at timestamptz null,
  primary key (tenant_id, id));
create index replay_due on replay (next_at) where next_at is not null;

do $$
declare
  t text;
begin
  foreach t in array array['acceptance', 'drop_counter', 'replay']
  loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy tenant_sees_own on %I to channels_tenant using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()))', t);
  end loop;
end $$;
grant select on acceptance, drop_counter to channels_tenant;
grant select, insert, update on replay to channels_tenant;
