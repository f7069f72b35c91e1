-- 0006_row_level_security.sql: the second fence between tenants, for whatever serves a tenant's request
-- The owner of the tables is the pipeline's role and sees all; a request runs as channels_tenant with the setting channels.tenant.
do $$
begin
  if not exists (select 1 from pg_roles where rolname = 'channels_tenant') then
    begin
      create role channels_tenant nologin;
    exception when duplicate_object or unique_violation then
      null; -- another database of this server made it at the same moment
    end;
  end if;
  if not pg_has_role(current_user, 'channels_tenant', 'member') then
    execute format('grant channels_tenant to %I', current_user);
  end if;
end $$;
do $$
begin
  execute format('grant usage on schema %I to channels_tenant', current_schema());
end $$;

create function current_tenant() returns uuid language sql stable parallel safe as $f$
  select nullif(current_setting('channels.tenant', true), '')::uuid
$f$;

alter table tenant enable row level security;
create policy tenant_sees_own on tenant to channels_tenant using (id = current_tenant());
grant select on tenant to channels_tenant;

do $$
declare
  t text;
begin
  foreach t in array array[
    'org_unit', 'api_key', 'data_key', 'connector', 'account', 'account_status_history', 'channel_claim', 'idempotency_key', 'inbox', 'parked_webhook',
    'conversation', 'conversation_alias', 'transcript', 'turn', 'held_echo', 'channel_counter', 'outbox', 'event']
  loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy tenant_sees_own on %I to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', t);
  end loop;
end $$;

grant select on org_unit, connector, account, account_status_history, parked_webhook, conversation, conversation_alias, transcript, turn,
  held_echo, channel_counter, outbox, event to channels_tenant;
grant select, insert, update, delete on idempotency_key, api_key to channels_tenant;
grant select, insert on data_key to channels_tenant;
grant select, insert, delete on channel_claim to channels_tenant;
grant insert, update, delete on connector, account, parked_webhook to channels_tenant;
grant select, insert on inbox to channels_tenant;
grant update (prompt_context, contact_name) on conversation to channels_tenant;
