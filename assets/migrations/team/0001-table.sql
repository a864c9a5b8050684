create table quarterdeck.team (
  name text primary key,
  zone text not null,
  document text not null,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index team_by_position on quarterdeck.team (position);
