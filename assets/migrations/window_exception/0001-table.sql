-- What was said of one occurrence of a window, shipped or not: moved, called off, begun, ended. One row an occurrence, named by the time the
-- window's rule gives it.
create table quarterdeck.window_exception (
  name text not null,
  occurrence timestamptz not null,
  moved_to timestamptz,
  cancelled bigint not null,
  started_at timestamptz,
  finished_at timestamptz,
  reason text not null,
  by_name text not null,
  at timestamptz not null,
  version bigint not null,
  attempt text not null,
  position bigint not null,
  primary key (name, occurrence)
);
create index window_exception_by_position on quarterdeck.window_exception (position);
create index window_exception_by_time on quarterdeck.window_exception (at);
