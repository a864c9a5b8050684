-- What is asked for by an index is a column; the whole of an incident is its document. `attempt` is the write that made the row what it is,
-- `position` its line in the audit.
create table quarterdeck.incident (
  number bigint primary key,
  standing text not null,
  title text not null,
  created_at timestamptz not null,
  resolved_at timestamptz,
  document text not null,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index incident_by_standing on quarterdeck.incident (standing, number);
create index incident_by_end on quarterdeck.incident (standing, resolved_at);
-- Consoles hold what is open and are told of what changes: both are found by the position in the audit.
create index incident_by_position on quarterdeck.incident (position);
create index incident_live on quarterdeck.incident (standing, position);
