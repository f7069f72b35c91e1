-- 0043_inbox_upkeep.sql: the halves of the inbox are hardly vacuumed or analysed any more
-- A half that is in use is left alone until a million rows are dead: 400,000 are ten seconds of a flood, and a vacuum of half a minute then wrote 100,000 page images
-- and kept the half from being cut. Analysing read 30,000 pages, and wrote most of them, for statistics that no statement on this table is planned by.
alter table inbox_0 set (autovacuum_vacuum_threshold = 1000000);
alter table inbox_1 set (autovacuum_vacuum_threshold = 1000000);
alter table inbox_0
  alter column tenant_id set statistics 0, alter column account_id set statistics 0, alter column id set statistics 0,
  alter column received_at set statistics 0, alter column path set statistics 0, alter column body set statistics 0, alter column slot set statistics 0;
alter table inbox_1
  alter column tenant_id set statistics 0, alter column account_id set statistics 0, alter column id set statistics 0,
  alter column received_at set statistics 0, alter column path set statistics 0, alter column body set statistics 0, alter column slot set statistics 0;
