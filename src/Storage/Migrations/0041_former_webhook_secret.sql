-- 0041_former_webhook_secret.sql: webhook secrets from before a rotation are taken for a while, until the provider knows the new one
-- Several: who rotates once more before that must not shut out a provider that still shows the first.
alter table account add column former_webhook_secrets bytea[] not null default '{}';
alter table account add column former_webhook_secrets_until timestamptz[] not null default '{}';
