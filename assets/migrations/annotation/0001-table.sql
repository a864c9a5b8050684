create table quarterdeck.annotation (
  id text primary key,
  environment text not null,
  kind text not null,
  name text not null,
  change text not null,
  at timestamptz not null,
  recorded_at timestamptz not null,
  words text not null,
  by_name text not null,
  position bigint not null
);
create index annotation_by_time on quarterdeck.annotation (environment, at);
create index annotation_by_position on quarterdeck.annotation (position);
