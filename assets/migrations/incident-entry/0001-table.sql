-- The timeline of incidents: written once and never changed. `at` is when it happened, `recorded_at` when it was written down.
create table quarterdeck.incident_entry (
  incident bigint not null,
  number bigint not null,
  kind text not null,
  at timestamptz not null,
  recorded_at timestamptz not null,
  actor text not null,
  by_name text not null,
  was text not null,
  became text not null,
  words text not null,
  position bigint not null,
  primary key (incident, number)
);
create index incident_entry_by_position on quarterdeck.incident_entry (position);
