-- 0033_intake_code_before.sql: what is wrong is written down before it is said, and until that is known to have happened both may be what people read: this, and what was said before
alter table intake add column code_before text null;
