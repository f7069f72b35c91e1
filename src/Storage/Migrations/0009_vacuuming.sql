-- 0009_vacuuming.sql: tables that only grow are vacuumed and analysed by the hundred thousand rows, not by the tenth of a table that is still small
-- The message path's plans do not depend on statistics, and it never reads these tables by their visibility maps. Partitions made later get the same (Maintenance/Housekeeping).
do $$
declare
  t regclass;
begin
  for t in select inhrelid::regclass from pg_inherits where inhparent in ('message_key'::regclass, 'transcript'::regclass, 'event'::regclass)
  loop
    execute format('alter table %s set (autovacuum_vacuum_insert_threshold = 500000, autovacuum_analyze_threshold = 200000)', t);
  end loop;
end $$;
