-- 0023_one_webhook_for_many.sql: one webhook may hold news for accounts of several tenants, and for accounts nobody here has; and some providers let us speak only for a while after the contact wrote
-- What was acknowledged and belongs to no channel here. The operator's, no tenant's: it may be anybody's words. The id is made of the content, so that a repetition is no second row.
create table unrouted_webhook (
  kind text not null,
  id uuid not null,
  setting text not null,                    -- which setting of a channel would claim it
  name text not null,                       -- by what value
  reason text not null,
  received_at timestamptz not null,
  repeated_at timestamptz null,
  proof text not null,                      -- of where it came from: shown again when it is tried again
  body bytea not null,
  primary key (kind, id));
create index unrouted_webhook_by_name on unrouted_webhook (kind, setting, name, received_at);
alter table unrouted_webhook enable row level security;

-- When the contact last wrote, by the provider's time; null where that was before this version.
alter table conversation add column contact_wrote_at timestamptz null;
