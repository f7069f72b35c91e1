-- 0015_sessions_of_old.sql: accounts that were paired before sessions were kept are looked after from now on, not all in the same second
insert into session (tenant_id, account_id, status, since, code, next_step, wanted, attempts, due_at, gateway_fault)
select a.tenant_id, a.id, case when a.status = 'active' then 'working' else 'stopped' end, a.status_since,
  case when a.status = 'inactive' then 'switched-off' end, case when a.status = 'inactive' then 'Activate the channel to send again.' end,
  -- The others are asked about once: they may be paired.
  a.status = 'active', 0, case when a.status <> 'inactive' then now() + random() * interval '5 minutes' end, false
from account a
where a.kind = 'evolution' and a.deleted_at is null and a.status <> 'pending'
on conflict (tenant_id, account_id) do nothing;
