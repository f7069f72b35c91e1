-- 0041_former_webhook_secret.sql: the webhook secret before the last rotation is taken for a while, until the provider knows the new one
alter table account add column former_webhook_secret bytea;
alter table account add column former_webhook_secret_until timestamptz;
