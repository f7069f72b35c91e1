-- 0013_channels_by_name.sql: channels by what their provider calls them, over all tenants, for webhooks that name their account only inside the body
-- Which setting holds that name is the kind's affair; so the index is over all settings instead of one table of names for each kind, and nothing has to be
-- kept in step with the settings. Written at once: a webhook must not pay for walking a list of pending entries.
create index connector_by_setting on connector using gin (settings jsonb_path_ops) with (fastupdate = off);

-- Front ends remember who has which name. Status changes are no reason to forget that, and come far more often.
create function tell_channel_named() returns trigger language plpgsql as $f$
begin
  perform pg_notify('channels_changed', 'named:' || new.id);
  return null;
end $f$;
create trigger tell_channel_named after insert or update of settings on connector for each row execute function tell_channel_named();
