create table quarterdeck.person (
  handle text primary key,
  name text not null,
  document text not null,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index person_by_position on quarterdeck.person (position);
