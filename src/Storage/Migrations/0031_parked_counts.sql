-- 0031_parked_counts.sql: how many webhooks are parked for what is known without reading them, and a cause that is given back names its group
-- Masked and cut to a hundred characters, a reason could end amid a number, at a space, or before its first letter: masked, cut and trimmed once more, it was
-- another. Cut, it is masked and trimmed again; whoever asks for a group by its cause asks for the same.
create or replace function drop_reason(reason text) returns text language sql immutable parallel safe as $f$
  select coalesce(
    nullif(
      btrim(regexp_replace(left(btrim(regexp_replace(split_part(reason, ':', 1), '\m[0-9]+\M', '#', 'g'), E' \t\r\n\x0b\f'), 100), '\m[0-9]+\M', '#', 'g'), E' \t\r\n\x0b\f'),
      ''),
    'no reason given')
$f$;

-- What is parked is the sum of a group's rows. Whoever parks, puts back or throws away adds a row of its own and waits for nobody, so that a tenant whose webhooks are
-- parked in floods, or put back meanwhile, holds up no batch of the message path; Parked/ParkedCounts adds them up every few seconds.
create table parked_count (
  tenant_id uuid not null,
  account_id uuid not null,
  cause text not null,
  id bigint generated always as identity,
  webhooks bigint not null,                 -- parked, less those that went
  oldest_at timestamptz null,               -- the first was received; with a row that takes away beside it, the table itself is asked
  newest_at timestamptz null,
  last_parked_at timestamptz null,
  is_sum boolean not null default false,
  primary key (tenant_id, account_id, cause, id));
create index parked_count_to_add on parked_count (tenant_id, account_id, cause) where not is_sum;
alter table parked_count enable row level security;
create policy tenant_sees_own on parked_count to channels_tenant using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));
grant select, insert on parked_count to channels_tenant;

-- Kept by the table's own triggers, so that no writer can forget it, that of the version before included.
create function count_parked() returns trigger language plpgsql as $f$
begin
  insert into parked_count (tenant_id, account_id, cause, webhooks, oldest_at, newest_at, last_parked_at)
  select tenant_id, account_id, cause, count(*), min(received_at), max(received_at), max(parked_at) from moved group by tenant_id, account_id, cause;
  return null;
end $f$;
create function count_parked_gone() returns trigger language plpgsql as $f$
begin
  insert into parked_count (tenant_id, account_id, cause, webhooks) select tenant_id, account_id, cause, -count(*) from moved group by tenant_id, account_id, cause;
  return null;
end $f$;
-- Nobody changes a row but a migration that changes what makes a cause, as this does.
create function count_parked_changed() returns trigger language plpgsql as $f$
begin
  insert into parked_count (tenant_id, account_id, cause, webhooks, oldest_at, newest_at, last_parked_at)
  values (old.tenant_id, old.account_id, old.cause, -1, null, null, null),
         (new.tenant_id, new.account_id, new.cause, 1, new.received_at, new.received_at, new.parked_at);
  return null;
end $f$;
-- Only a truncate empties the table behind the others' backs; it has waited for every writer, and for whoever adds up.
create function count_parked_emptied() returns trigger language plpgsql as $f$
begin
  delete from parked_count;
  return null;
end $f$;

-- No writer from here on, so what can be was done above: none is missed by the counts below, none counted twice. A row must not be touched before the lock either:
-- whoever puts it back at that moment would wait for us, and the lock for them.
lock table parked_webhook in share row exclusive mode;

-- Only a cause that was cut, is empty, or is not trimmed can be another now; the rest need not be made anew to see that.
update parked_webhook set reason = reason
where (length(cause) = 100 or cause = '' or cause <> btrim(cause, E' \t\r\n\x0b\f')) and cause <> drop_reason(reason);

create trigger count_parked after insert on parked_webhook referencing new table as moved for each statement execute function count_parked();
create trigger count_parked_gone after delete on parked_webhook referencing old table as moved for each statement execute function count_parked_gone();
create trigger count_parked_changed after update on parked_webhook for each row
  when ((old.tenant_id, old.account_id, old.cause, old.received_at) is distinct from (new.tenant_id, new.account_id, new.cause, new.received_at)) execute function count_parked_changed();
create trigger count_parked_emptied after truncate on parked_webhook for each statement execute function count_parked_emptied();

insert into parked_count (tenant_id, account_id, cause, webhooks, oldest_at, newest_at, last_parked_at, is_sum)
select tenant_id, account_id, cause, count(*), min(received_at), max(received_at), max(parked_at), true from parked_webhook group by tenant_id, account_id, cause;

-- The oldest and the newest of a group, without reading those between.
create index parked_webhook_by_age on parked_webhook (tenant_id, account_id, cause, received_at, id);
