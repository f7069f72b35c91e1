-- 0012_turns.sql: turns that are answered later, and choices offered to a contact
-- Set while a service that took the turn may still answer it: until then nobody asks again, and the sweep passes it by.
alter table turn add column answer_by timestamptz null;

-- What the contact was last offered to choose from, a list of texts; null for nothing.
alter table conversation add column options jsonb null;

-- Turns that are answered through the API, by the id their service knows; kept for a while after they ended, so that a second answer is told how.
create table late_turn (
  tenant_id uuid not null,
  turn_id uuid not null,
  account_id uuid not null,
  conversation_id uuid not null,
  state smallint not null,
  answer_by timestamptz not null,
  answer_hash bytea null,
  primary key (tenant_id, turn_id)) with (fillfactor = 70);
-- For merging conversations. Not led by tenant_id, so that it never offers itself for a look-up by the key (see 0007).
create index late_turn_by_conversation on late_turn (conversation_id, tenant_id);

alter table late_turn enable row level security;
create policy tenant_sees_own on late_turn to channels_tenant using (tenant_id = current_tenant()) with check (tenant_id = current_tenant());
grant select on late_turn to channels_tenant;
