create table quarterdeck.note (
  id text primary key,
  environment text not null,
  kind text not null,
  name text not null,
  text text not null,
  by_name text not null,
  at timestamptz not null,
  edited_by text,
  edited_at timestamptz,
  withdrawn_by text,
  withdrawn_at timestamptz,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index note_by_subject on quarterdeck.note (environment, kind, name, at);
