-- Maintenance windows that people planned; those that are shipped are in no table. One row a name. Either `recurrence` says when it comes, or
-- `once`. `attempt` is the write that made the row what it is, `position` its line in the audit.
create table quarterdeck.maintenance_window (
  name text primary key,
  recurrence text,
  once timestamptz,
  zone text not null,
  lasts_seconds bigint not null,
  service text,
  downtime bigint not null,
  announced_at timestamptz not null,
  activities text not null,
  emergency text,
  by_name text not null,
  at timestamptz not null,
  withdrawn_by text,
  withdrawn_at timestamptz,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index maintenance_window_by_position on quarterdeck.maintenance_window (position);
create index maintenance_window_live on quarterdeck.maintenance_window (position) where withdrawn_at is null;
