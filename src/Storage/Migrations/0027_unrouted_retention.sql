-- 0027_unrouted_retention.sql: what belongs to no channel goes after a time, and what went is said
create index unrouted_webhook_by_age on unrouted_webhook (received_at, id);

-- What was thrown away unasked, by what it named: the operator's, like what it counts.
create table unrouted_dropped (
  kind text not null,
  setting text not null,
  name text not null,
  why text not null,                        -- 'age', or 'room' for the oldest of too many
  dropped bigint not null,
  bytes bigint not null,
  first_received_at timestamptz not null,   -- of the oldest that went
  last_received_at timestamptz not null,    -- of the newest that went
  last_at timestamptz not null,             -- when some went last
  primary key (kind, setting, name, why));
create index unrouted_dropped_by_time on unrouted_dropped (last_at);
alter table unrouted_dropped enable row level security;
