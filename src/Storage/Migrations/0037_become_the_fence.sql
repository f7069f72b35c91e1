-- 0037_become_the_fence.sql: since PostgreSQL 16 who makes a role may grant it to others and not become it, and every request becomes channels_tenant
-- Until he has granted it to himself: he has it with the admin option, which counts as membership, and without the set option.
do $$
begin
  if not pg_has_role(current_user, 'channels_tenant', case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
    execute format('grant channels_tenant to %I', current_user);
  end if;
end $$;
