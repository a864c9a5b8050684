-- Every attempt and every change, one line each, one hash chain per writer; `line` is the evidence, the rest is for searching.
create table quarterdeck.audit (
  position bigint primary key,
  chain text collate "C" not null,
  seq bigint not null,
  prev text not null,
  hash text not null,
  at timestamptz not null,
  recorded_at timestamptz not null,
  written_by text not null,
  kind text not null,
  what text not null,
  actor text not null,
  environment text not null,
  about text not null,
  words text not null,
  haystack text not null,
  line text not null,
  unique (chain, seq)
);
create index audit_by_environment on quarterdeck.audit (environment, position);
create index audit_by_actor on quarterdeck.audit (actor, position);
create index audit_by_kind on quarterdeck.audit (kind, position);
create index audit_by_time on quarterdeck.audit (at);

-- The end of each chain, noted apart from its lines.
create table quarterdeck.audit_head (
  chain text collate "C" primary key,
  seq bigint not null,
  hash text not null
);
