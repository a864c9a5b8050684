-- The escalation of an incident: one row each, with the policy as it was when it began and the pages that wait in its document.
create table quarterdeck.escalation (
  incident bigint primary key,
  standing text not null,
  document text not null,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index escalation_by_position on quarterdeck.escalation (position);
create index escalation_live on quarterdeck.escalation (standing, position);
create index escalation_by_standing on quarterdeck.escalation (standing, incident);
