create table quarterdeck.recorded_backup (
  id text primary key,
  set_name text not null,
  began_at timestamptz,
  finished_at timestamptz not null,
  bytes bigint,
  by_name text not null,
  recorded_at timestamptz not null,
  position bigint not null
);
create index recorded_backup_by_set on quarterdeck.recorded_backup (set_name, finished_at);
create index recorded_backup_by_position on quarterdeck.recorded_backup (position);
create table quarterdeck.restore_test (
  id text primary key,
  set_name text not null,
  ended_at timestamptz not null,
  result text not null,
  target text,
  reached_lsn text,
  seconds bigint,
  bytes bigint,
  is_checked bigint not null,
  by_name text not null,
  recorded_at timestamptz not null,
  position bigint not null
);
create index restore_test_by_set on quarterdeck.restore_test (set_name, ended_at);
create index restore_test_by_position on quarterdeck.restore_test (position);
