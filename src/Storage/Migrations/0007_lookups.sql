-- 0007_lookups.sql: one index per question, so that a plan made while a table is empty stays right when it has grown
-- Statements are planned once and run for days. Led by tenant_id, these three also offered themselves for look-ups by primary key, by their first
-- column alone: on an empty table that costs the same, and from then on every look-up read all rows of its tenant. Led by what is asked for, they cannot.
drop index transcript_by_conversation;
create index transcript_by_conversation on transcript (conversation_id, tenant_id, id);
drop index conversation_by_account;
create index conversation_by_account on conversation (account_id, tenant_id);
drop index conversation_alias_by_conversation;
create index conversation_alias_by_conversation on conversation_alias (conversation_id, tenant_id, account_id);
