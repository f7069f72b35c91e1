-- 0014_lists.sql: lists of a tenant with a hundred thousand channels or conversations in tens of milliseconds
-- The fence between tenants asked for the session's tenant once per row; as a sub-select it asks once per statement.
do $$
declare
  t text;
begin
  for t in select tablename from pg_policies where schemaname = current_schema() and policyname = 'tenant_sees_own' and tablename <> 'tenant'
  loop
    execute format('alter policy tenant_sees_own on %I using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()))', t);
  end loop;
end $$;
alter policy tenant_sees_own on tenant using (id = (select current_tenant()));

-- All that channels are listed, filtered and searched by, in the order of the list. No trigram index: behind the fence no operator may use one that
-- might tell of rows it does not show, and reading a tenant's part of this index is quick enough.
alter table account add column kind text;
update account a set kind = c.kind from connector c where c.tenant_id = a.tenant_id and c.id = a.connector_id;
alter table account alter column kind set not null;
alter table account add column search text not null generated always as (lower(name || E'\n' || identity)) stored;
create index account_listed on account (tenant_id, created_at desc, id desc) include (status, kind, connector_id, search) where deleted_at is null;
-- Few connectors are not active; only they change what status is shown for an account.
create index connector_not_active on connector (tenant_id, id) include (status) where status <> 'active';

-- Not indexed by time: every message would have to move its conversation in that index.
alter table conversation add column search text not null
  generated always as (lower(coalesce(contact_name, '') || E'\n' || coalesce(contact_phone, '') || E'\n' || chat_id)) stored;
