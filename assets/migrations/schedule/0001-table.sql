-- Who is on call by rotations: one row a schedule; its layers, those that have ended too, are its document. `attempt` is the write that made
-- the row what it is, `position` its line in the audit.
create table quarterdeck.schedule (
  name text primary key,
  team text not null,
  document text not null,
  version bigint not null,
  attempt text not null,
  position bigint not null
);
create index schedule_by_position on quarterdeck.schedule (position);
