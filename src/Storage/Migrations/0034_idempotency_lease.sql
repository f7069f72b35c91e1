-- 0034_idempotency_lease.sql: when an attempt began is not when its key was first seen, and the operator's posts may be repeated too
-- Another attempt may follow when this is long ago; created_at stays, ids are derived from it.
alter table idempotency_key add column claimed_at timestamptz not null default now();

-- The operator's own keys have the nil id for an owner, which no tenant has.
alter table idempotency_key drop constraint idempotency_key_tenant_id_fkey;

-- Whose data key the answer is sealed with, and with whom it goes; null for the owner's.
alter table idempotency_key add column sealed_for uuid null references tenant on delete cascade;
update idempotency_key set sealed_for = tenant_id;
