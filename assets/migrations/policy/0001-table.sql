-- Whom an incident of a team and a severity pages: one row each; its levels are its document.
create table quarterdeck.policy (
  team text not null,
  severity text not null,
  document text not null,
  version bigint not null,
  attempt text not null,
  position bigint not null,
  primary key (team, severity)
);
create index policy_by_position on quarterdeck.policy (position);
