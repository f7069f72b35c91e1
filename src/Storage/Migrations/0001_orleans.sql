-- 0001_orleans.sql: the tables of both runtimes, so that one machine can become a cluster on the same database
-- Texts, parameters and columns follow the ADO.NET providers' contract of Orleans 10.4; both builds read them from orleansquery.
create table orleansquery (querykey text primary key, querytext text not null);

create table cluster_version (cluster_id text primary key, version int not null default 0);

create table cluster_member (
  cluster_id text not null references cluster_version,
  address text not null, port int not null, generation int not null,
  silo_name text not null, host_name text not null, status int not null, proxy_port int not null,
  suspect_times text null, start_time timestamptz not null, alive_time timestamptz not null,
  primary key (cluster_id, address, port, generation));

-- A primary key, unlike the official schema: two first writes of one state cannot both succeed.
create table grain_state (
  service_id text not null, state_name text not null, n0 bigint not null, n1 bigint not null, ext text not null default '',
  payload bytea null, version int not null, modified_at timestamptz not null default now(),
  primary key (service_id, state_name, n0, n1, ext)) with (fillfactor = 80);

create table reminder (
  service_id text not null, grain_id text not null, name text not null,
  start_time timestamptz not null, period_ms bigint not null, grain_hash int not null, version int not null,
  primary key (service_id, grain_id, name));
create index reminder_by_hash on reminder (service_id, grain_hash);

insert into orleansquery values
('InsertMembershipVersionKey', $q$
  with i as (insert into cluster_version (cluster_id) values (@DeploymentId) on conflict do nothing returning 1)
  select count(*)::int from i$q$),
('MembershipReadAllKey', $q$
  select m.address as "Address", m.port as "Port", m.generation as "Generation", m.silo_name as "SiloName", m.host_name as "HostName",
         m.status as "Status", m.proxy_port as "ProxyPort", m.suspect_times as "SuspectTimes", m.start_time as "StartTime",
         m.alive_time as "IAmAliveTime", v.version as "Version"
  from cluster_version v left join cluster_member m using (cluster_id) where v.cluster_id = @DeploymentId$q$),
('MembershipReadRowKey', $q$
  select m.address as "Address", m.port as "Port", m.generation as "Generation", m.silo_name as "SiloName", m.host_name as "HostName",
         m.status as "Status", m.proxy_port as "ProxyPort", m.suspect_times as "SuspectTimes", m.start_time as "StartTime",
         m.alive_time as "IAmAliveTime", v.version as "Version"
  from cluster_version v
  left join cluster_member m on m.cluster_id = v.cluster_id and m.address = @Address and m.port = @Port and m.generation = @Generation
  where v.cluster_id = @DeploymentId$q$),
('InsertMembershipKey', $q$
  with v as (
    update cluster_version set version = version + 1
    where cluster_id = @DeploymentId and version = @Version
      and not exists (select 1 from cluster_member where cluster_id = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
    returning 1),
  i as (
    insert into cluster_member
    select @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, null, @StartTime, @IAmAliveTime from v
    returning 1)
  select count(*)::int from i$q$),
('UpdateMembershipKey', $q$
  with v as (
    update cluster_version set version = version + 1
    where cluster_id = @DeploymentId and version = @Version
      and exists (select 1 from cluster_member where cluster_id = @DeploymentId and address = @Address and port = @Port and generation = @Generation)
    returning 1),
  u as (
    update cluster_member set status = @Status, suspect_times = @SuspectTimes, alive_time = @IAmAliveTime from v
    where cluster_id = @DeploymentId and address = @Address and port = @Port and generation = @Generation
    returning 1)
  select count(*)::int from u$q$),
('UpdateIAmAlivetimeKey', $q$
  update cluster_member set alive_time = @IAmAliveTime
  where cluster_id = @DeploymentId and address = @Address and port = @Port and generation = @Generation$q$),
('DeleteMembershipTableEntriesKey', $q$
  delete from cluster_member where cluster_id = @DeploymentId; delete from cluster_version where cluster_id = @DeploymentId$q$),
('CleanupDefunctSiloEntriesKey', $q$
  delete from cluster_member where cluster_id = @DeploymentId and alive_time < @IAmAliveTime and status = 6$q$),
('GatewaysQueryKey', $q$
  select address as "Address", proxy_port as "ProxyPort", generation as "Generation"
  from cluster_member where cluster_id = @DeploymentId and status = @Status and proxy_port > 0$q$),
('ReadFromStorageKey', $q$
  select payload as "PayloadBinary", version as "Version" from grain_state
  where service_id = @ServiceId and state_name = @GrainTypeString and n0 = @GrainIdN0 and n1 = @GrainIdN1
    and ext = coalesce(@GrainIdExtensionString, '')$q$),
('WriteToStorageKey', $q$
  with u as (
    update grain_state set payload = @PayloadBinary, version = version + 1, modified_at = now()
    where service_id = @ServiceId and state_name = @GrainTypeString and n0 = @GrainIdN0 and n1 = @GrainIdN1
      and ext = coalesce(@GrainIdExtensionString, '') and version = @GrainStateVersion
    returning version),
  i as (
    insert into grain_state (service_id, state_name, n0, n1, ext, payload, version)
    select @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''), @PayloadBinary, 1
    where @GrainStateVersion is null
    on conflict do nothing returning version)
  select version as "NewGrainStateVersion" from u union all select version from i$q$),
('ClearStorageKey', $q$
  update grain_state set payload = null, version = version + 1
  where service_id = @ServiceId and state_name = @GrainTypeString and n0 = @GrainIdN0 and n1 = @GrainIdN1
    and ext = coalesce(@GrainIdExtensionString, '') and version = @GrainStateVersion
  returning version$q$),
('DeleteStorageKey', $q$
  delete from grain_state
  where service_id = @ServiceId and state_name = @GrainTypeString and n0 = @GrainIdN0 and n1 = @GrainIdN1
    and ext = coalesce(@GrainIdExtensionString, '') and version = @GrainStateVersion
  returning version + 1$q$),
('ReadReminderRowsKey', $q$
  select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime", period_ms as "Period", version as "Version"
  from reminder where service_id = @ServiceId and grain_id = @GrainId$q$),
('ReadReminderRowKey', $q$
  select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime", period_ms as "Period", version as "Version"
  from reminder where service_id = @ServiceId and grain_id = @GrainId and name = @ReminderName$q$),
('ReadRangeRows1Key', $q$
  select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime", period_ms as "Period", version as "Version"
  from reminder where service_id = @ServiceId and grain_hash > @BeginHash and grain_hash <= @EndHash$q$),
('ReadRangeRows2Key', $q$
  select grain_id as "GrainId", name as "ReminderName", start_time as "StartTime", period_ms as "Period", version as "Version"
  from reminder where service_id = @ServiceId and (grain_hash > @BeginHash or grain_hash <= @EndHash)$q$),
('UpsertReminderRowKey', $q$
  insert into reminder values (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, 0)
  on conflict (service_id, grain_id, name) do update
  set start_time = excluded.start_time, period_ms = excluded.period_ms, grain_hash = excluded.grain_hash, version = reminder.version + 1
  returning version as "Version"$q$),
('DeleteReminderRowKey', $q$
  with d as (
    delete from reminder where service_id = @ServiceId and grain_id = @GrainId and name = @ReminderName and version = @Version returning 1)
  select count(*)::int from d$q$),
('DeleteReminderRowsKey', $q$
  delete from reminder where service_id = @ServiceId$q$);
