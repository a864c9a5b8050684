-- Hand-offs of roles: one row for each boundary of a role of a schedule; what was gone through and pending is its document.
create table quarterdeck.handoff (
  schedule text not null,
  role text not null,
  boundary timestamptz not null,
  document text not null,
  version bigint not null,
  attempt text not null,
  position bigint not null,
  primary key (schedule, role, boundary)
);
create index handoff_by_position on quarterdeck.handoff (position);
create index handoff_by_boundary on quarterdeck.handoff (schedule, boundary);
create index handoff_live on quarterdeck.handoff (boundary, position);
