-- 0028_channels_by_status.sql: channels filtered by the status that people see, counted from one index instead of a join over all of a tenant's channels
-- What is shown depends on the connector too. A copy of its status stands beside the account's own, kept by the connector's own trigger, so that no writer
-- can forget it, that of the version before included.
alter table account add column connector_status text not null default 'pending';
update account a set connector_status = c.status from connector c where c.tenant_id = a.tenant_id and c.id = a.connector_id and c.status <> 'pending';
alter table account add column shown_status text not null generated always as (
  case when status = 'active' and connector_status <> 'active'
       then case connector_status when 'error' then 'error' when 'disabled' then 'inactive' when 'archived' then 'inactive' else 'connecting' end
       else status end) stored;

create function copy_status_to_accounts() returns trigger language plpgsql as $f$
begin
  update account set connector_status = new.status
  where tenant_id = new.tenant_id and connector_id = new.id and deleted_at is null and connector_status <> new.status;
  return null;
end $f$;
create trigger copy_status_to_accounts after update of status on connector for each row when (old.status <> new.status)
  execute function copy_status_to_accounts();

-- Locked, so that a change of the connector's status under way is waited for and not missed.
create function take_status_of_connector() returns trigger language plpgsql as $f$
begin
  new.connector_status := coalesce(
    (select status from connector where tenant_id = new.tenant_id and id = new.connector_id for share), new.connector_status);
  return new;
end $f$;
create trigger take_status_of_connector before insert on account for each row execute function take_status_of_connector();

create index account_by_status on account (tenant_id, shown_status, created_at desc, id desc) include (kind, search) where deleted_at is null;
drop index connector_not_active;
