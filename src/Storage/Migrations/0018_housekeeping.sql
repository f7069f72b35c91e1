-- 0018_housekeeping.sql: what time it was when housekeeping last looked: a clock that is suddenly far ahead must not make it forget everything
-- No tenant's: one row, of the installation.
create table housekeeping (
  one boolean primary key default true check (one),
  seen_at timestamptz not null,
  steady_since timestamptz not null);
