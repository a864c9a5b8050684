-- What Quarterdeck reads of PostgreSQL's archiver, as one line of JSON: psql -XAtq -f archiver.sql DATABASE (PostgreSQL 12 and later).
--
-- It needs a role that may only look:
--   create role quarterdeck_look login password '…';
--   grant pg_monitor to quarterdeck_look;
select json_build_object(
  'archive_mode', current_setting('archive_mode'),
  'archived_count', a.archived_count,
  'last_archived_wal', a.last_archived_wal,
  'last_archived_time', a.last_archived_time,
  'failed_count', a.failed_count,
  'last_failed_wal', a.last_failed_wal,
  'last_failed_time', a.last_failed_time,
  'stats_reset', a.stats_reset,
  'current_lsn', case when not pg_is_in_recovery() then pg_current_wal_lsn() end,
  'wal_segment_size', pg_size_bytes(current_setting('wal_segment_size')),
  'ready', (select count(*) from pg_ls_archive_statusdir() where name like '%.ready')
) from pg_stat_archiver a;
