-- 0045_inbox_journal.sql: how far the journal beside the private server is moved into the inbox
-- Webhooks that come faster than the table takes them are acknowledged from files in the data directory (Storage/Journal). The number rises in the transaction that
-- brings their rows, so that each batch comes once; the id says which files are this database's.
create table inbox_journal (
  id uuid primary key default gen_random_uuid(),
  moved bigint not null default 0);
create unique index inbox_journal_only_one on inbox_journal ((true));
insert into inbox_journal default values;
