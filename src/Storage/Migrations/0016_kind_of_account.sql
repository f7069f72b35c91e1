-- 0016_kind_of_account.sql: during an upgrade the previous version still makes channels, and does not know account.kind (0014)
create function account_kind_is_its_connectors() returns trigger language plpgsql as $f$
begin
  new.kind := (select c.kind from connector c where c.tenant_id = new.tenant_id and c.id = new.connector_id);
  return new;
end $f$;
create trigger account_kind_is_its_connectors before insert on account for each row when (new.kind is null) execute function account_kind_is_its_connectors();
