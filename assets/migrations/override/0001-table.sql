-- What is said over the rotations of a schedule, numbered within it. Never changed: what is taken back is taken back by another row.
create table quarterdeck.override (
  schedule text not null,
  number bigint not null,
  role text not null,
  kind text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  document text not null,
  words text not null,
  by_name text not null,
  at timestamptz not null,
  position bigint not null,
  primary key (schedule, number)
);
-- Consoles hold what is not long over and are told of what changes: both are found by the position in the audit.
create index override_by_position on quarterdeck.override (position);
create index override_by_end on quarterdeck.override (ends_at, position);
