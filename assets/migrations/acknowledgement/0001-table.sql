-- Who has an alert: one row an alert and environment. `attempt` is the write that made the row what it is, `position` its line
-- in the audit.
create table quarterdeck.acknowledgement (
  environment text not null,
  fingerprint text not null,
  alert text not null,
  firing_since timestamptz,
  by_name text not null,
  at timestamptz not null,
  until timestamptz,
  note text not null,
  withdrawn_by text,
  withdrawn_at timestamptz,
  version bigint not null,
  attempt text not null,
  position bigint not null,
  primary key (environment, fingerprint)
);
create index acknowledgement_by_time on quarterdeck.acknowledgement (environment, at);
create index acknowledgement_by_position on quarterdeck.acknowledgement (position);
create index acknowledgement_live on quarterdeck.acknowledgement (position) where withdrawn_at is null;
