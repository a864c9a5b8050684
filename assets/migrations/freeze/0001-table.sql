-- When nothing new goes out: before a release of a day (`release_day`, as 2026-12-22), else from one time to another. One row a name.
create table quarterdeck.freeze (
  name text primary key,
  release_day text,
  starts_at timestamptz,
  ends_at timestamptz not null,
  zone text not null,
  environment text,
  service text,
  reason text not null,
  by_name text not null,
  at timestamptz not null,
  withdrawn_by text,
  withdrawn_at timestamptz,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index freeze_by_end on quarterdeck.freeze (ends_at);
create index freeze_by_position on quarterdeck.freeze (position);
create index freeze_live on quarterdeck.freeze (position) where withdrawn_at is null;
