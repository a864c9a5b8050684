-- What several consoles saw of one revision, merged: the earliest of each time.
create table quarterdeck.release_seen (
  cluster text not null,
  revision_uid text not null,
  environment text not null,
  workload text not null,
  revision bigint,
  images text not null,
  seen_at timestamptz not null,
  healthy_at timestamptz,
  primary key (cluster, revision_uid)
);
create index release_seen_by_workload on quarterdeck.release_seen (cluster, workload, seen_at);
