-- Times are microseconds since 1970-01-01 UTC; store_now() is registered by the console that opens the store.

-- Every attempt and every change, one line each, one hash chain per writer; `line` is the evidence, the rest is for searching.
create table audit (
  position integer primary key,
  chain text not null,
  seq integer not null,
  prev text not null,
  hash text not null,
  at integer not null,
  recorded_at integer not null,
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
) strict;
create index audit_by_environment on audit (environment, position);
create index audit_by_actor on audit (actor, position);
create index audit_by_kind on audit (kind, position);
create index audit_by_time on audit (at);

-- The end of each chain, noted apart from its lines.
create table audit_head (
  chain text primary key,
  seq integer not null,
  hash text not null
) strict;

-- Appending is the only thing that can be done to the audit, each chain where it ended.
create trigger audit_append before insert on audit begin
  select raise(abort, 'QD001: the chain does not continue here')
    where new.seq <> coalesce((select seq from audit_head where chain = new.chain), 0) + 1
       or new.prev <> coalesce((select hash from audit_head where chain = new.chain), '')
       or new.position <> coalesce((select max(position) from audit), 0) + 1;
end;
create trigger audit_head_follows after insert on audit begin
  insert into audit_head (chain, seq, hash) values (new.chain, new.seq, new.hash)
    on conflict (chain) do update set seq = excluded.seq, hash = excluded.hash;
end;
create trigger audit_no_update before update on audit begin
  select raise(abort, 'QD002: the audit is append-only');
end;
create trigger audit_no_delete before delete on audit begin
  select raise(abort, 'QD002: the audit is append-only');
end;
create trigger audit_head_insert before insert on audit_head begin
  select raise(abort, 'QD002: the heads of the audit are written with its lines only')
    where not exists (select 1 from audit where chain = new.chain and seq = new.seq and hash = new.hash);
end;
create trigger audit_head_update before update on audit_head begin
  select raise(abort, 'QD002: the heads of the audit are written with its lines only')
    where new.chain <> old.chain or new.seq <> old.seq + 1
       or not exists (select 1 from audit where chain = new.chain and seq = new.seq and hash = new.hash);
end;
create trigger audit_head_delete before delete on audit_head begin
  select raise(abort, 'QD002: the audit is append-only');
end;

-- Who has an alert: one row an alert and environment. `attempt` is the write that made the row what it is, `position` its line
-- in the audit.
create table acknowledgement (
  environment text not null,
  fingerprint text not null,
  alert text not null,
  firing_since integer,
  by_name text not null,
  at integer not null,
  until integer,
  note text not null,
  withdrawn_by text,
  withdrawn_at integer,
  version integer not null,
  attempt text not null,
  position integer not null,
  primary key (environment, fingerprint)
) strict;
create index acknowledgement_by_time on acknowledgement (environment, at);
create index acknowledgement_by_position on acknowledgement (position);
create index acknowledgement_live on acknowledgement (position) where withdrawn_at is null;

create table note (
  id text primary key,
  environment text not null,
  kind text not null,
  name text not null,
  text text not null,
  by_name text not null,
  at integer not null,
  edited_by text,
  edited_at integer,
  withdrawn_by text,
  withdrawn_at integer,
  version integer not null,
  attempt text not null,
  position integer not null
) strict;
create index note_by_subject on note (environment, kind, name, at);

create table annotation (
  id text primary key,
  environment text not null,
  kind text not null,
  name text not null,
  change text not null,
  at integer not null,
  recorded_at integer not null,
  words text not null,
  by_name text not null,
  position integer not null
) strict;
create index annotation_by_time on annotation (environment, at);
create index annotation_by_position on annotation (position);

-- What several consoles saw of one revision, merged: the earliest of each time.
create table release_seen (
  cluster text not null,
  revision_uid text not null,
  environment text not null,
  workload text not null,
  revision integer,
  images text not null,
  seen_at integer not null,
  healthy_at integer,
  primary key (cluster, revision_uid)
) strict;
create index release_seen_by_workload on release_seen (cluster, workload, seen_at);
