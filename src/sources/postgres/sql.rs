//! The questions, for PostgreSQL 12 and later. Ages are in milliseconds on the server's own clock, so that two clocks need not agree.

/// What each question begins with: nothing is written, nothing is waited for, and the end comes by itself.
pub(super) const BEGIN: &str =
    "begin read only;set local statement_timeout='3s';set local lock_timeout='500ms';set local search_path=pg_catalog;";

/// Who answers, and whether it is encrypted.
pub(super) const WHO: &str = "
select pg_is_in_recovery(), (select ssl from pg_stat_ssl where pid = pg_backend_pid()), current_setting('server_version_num')";

/// What it is, and where it is in the WAL.
pub(super) const ITSELF: &str = "
select current_setting('server_version_num'), pg_is_in_recovery(),
  (select system_identifier from pg_control_system()),
  case when pg_is_in_recovery()
    then coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))
    else ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int end,
  pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_flush_lsn() end, '0/0'),
  pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'),
  extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000,
  case when pg_is_in_recovery() then pg_is_wal_replay_paused() else false end,
  (select status from pg_stat_wal_receiver),
  (select extract(epoch from clock_timestamp() - last_msg_receipt_time) * 1000 from pg_stat_wal_receiver)";

/// Who follows it. A base backup that is being taken is none.
pub(super) const FOLLOWERS: &str = "
select coalesce(nullif(application_name, ''), 'process ' || pid), host(client_addr), state, sync_state,
  pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_flush_lsn() end, flush_lsn),
  pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_flush_lsn() end, replay_lsn),
  extract(epoch from replay_lag) * 1000,
  extract(epoch from clock_timestamp() - reply_time) * 1000
from pg_stat_replication where state is distinct from 'backup' order by 1 limit 64";

/// Its slots. `wal_status` came with 13; of an older server it is read from the row as a document, where it is missing.
pub(super) const SLOTS: &str = "
select slot_name, slot_type, active, to_jsonb(s) ->> 'wal_status',
  pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)
from pg_replication_slots s order by 1 limit 64";

/// Its archiver.
pub(super) const ARCHIVER: &str = "
select current_setting('archive_mode'),
  extract(epoch from clock_timestamp() - last_archived_time) * 1000, last_archived_wal,
  extract(epoch from clock_timestamp() - last_failed_time) * 1000, last_failed_wal
from pg_stat_archiver";

/// How many segments wait for the archive.
pub(super) const READY: &str = "select count(*) from pg_ls_archive_statusdir() where name like '%.ready'";

/// Connections of clients, and which of those over a network are encrypted; followers are counted there too.
pub(super) const CONNECTIONS: &str = "
select count(*) filter (where backend_type = 'client backend'), current_setting('max_connections'),
  count(*) filter (where backend_type = 'client backend' and state = 'active' and pid <> pg_backend_pid()),
  count(*) filter (where state like 'idle in transaction%'),
  count(*) filter (where client_addr is not null and ssl),
  count(*) filter (where client_addr is not null and not ssl)
from pg_stat_activity left join pg_stat_ssl using (pid)";

/// Transactions open for longer than so many seconds.
pub(super) fn long(seconds: i64) -> String {
    format!(
        "select pid, usename, application_name, state, extract(epoch from clock_timestamp() - xact_start) * 1000, left(query, 2000)
from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start < clock_timestamp() - interval '{seconds} s'
order by xact_start limit 20"
    )
}

/// Transactions that were prepared and not brought to their end.
pub(super) const PREPARED: &str = "
select gid, owner, database, 'prepared', extract(epoch from clock_timestamp() - prepared) * 1000, ''
from pg_prepared_xacts order by prepared limit 20";

/// The tables of this database with the most dead rows.
pub(super) const DEAD: &str = "
select schemaname || '.' || relname, n_dead_tup, n_live_tup,
  extract(epoch from clock_timestamp() - greatest(last_vacuum, last_autovacuum)) * 1000
from pg_stat_user_tables where n_dead_tup > 0 order by n_dead_tup desc limit 10";

/// The database nearest to wraparound.
pub(super) const WRAPAROUND: &str =
    "select datname, age(datfrozenxid) from pg_database where datallowconn order by 2 desc limit 1";

/// Base backups that run.
pub(super) const BASE_BACKUPS: &str = "select count(*) from pg_stat_replication where state = 'backup'";

/// Poolers that say who they are.
pub(super) const POOLERS: &str = "
select distinct application_name from pg_stat_activity
where application_name ilike any (array['%pgbouncer%', '%pgpool%', '%pgcat%', '%odyssey%', '%supavisor%']) limit 8";

/// The schema of `pg_stat_statements`, quoted as a name.
pub(super) const STATEMENTS: &str = "
select quote_ident(nspname) from pg_extension join pg_namespace n on n.oid = extnamespace where extname = 'pg_stat_statements'";

/// The ten statements that take longest on average, in microseconds, ours left out; the columns were renamed in 13.
pub(super) fn slow(schema: &str, version: u32) -> String {
    let [mean, total] =
        if version >= 130_000 { ["mean_exec_time", "total_exec_time"] } else { ["mean_time", "total_time"] };
    format!(
        "select {mean} * 1000, calls, {total}, left(query, 2000) from {schema}.pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database())
  and userid <> (select oid from pg_roles where rolname = current_user) order by {mean} desc limit 10"
    )
}
