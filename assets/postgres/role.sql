-- The role Quarterdeck reads PostgreSQL by: it sees statistics and sizes, no row of any table, and changes nothing.
-- Run it once as a superuser, on the primary; the replicas get it by replication. Give it a password of its own:
--   \password quarterdeck_reader
create role quarterdeck_reader login connection limit 8;
-- Statistics of all sessions and statements, the settings, and how many segments wait for the archive.
grant pg_monitor to quarterdeck_reader;
-- A console that is forgotten in the middle of something holds nothing back.
alter role quarterdeck_reader set default_transaction_read_only = on;
alter role quarterdeck_reader set statement_timeout = '5s';
alter role quarterdeck_reader set idle_in_transaction_session_timeout = '10s';
-- For slow statements, in each database that is read, once shared_preload_libraries names it:
--   create extension pg_stat_statements;
