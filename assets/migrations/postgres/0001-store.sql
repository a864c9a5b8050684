-- The one place where the store's SQL takes its time from. Tests replace its body; production has no offset.
create function quarterdeck.store_now() returns timestamptz language sql volatile as 'select clock_timestamp()';

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

-- Appending is the only thing that can be done to the audit, one transaction at a time, each chain where it ended.
create function quarterdeck.audit_append() returns trigger language plpgsql as $$
declare
  head quarterdeck.audit_head%rowtype;
begin
  perform pg_advisory_xact_lock(5857108, 2);
  select * into head from quarterdeck.audit_head where chain = new.chain;
  if new.seq <> coalesce(head.seq, 0) + 1 or new.prev <> coalesce(head.hash, '') then
    raise exception 'the chain does not continue here' using errcode = 'QD001';
  end if;
  select coalesce(max(position), 0) + 1 into new.position from quarterdeck.audit;
  new.recorded_at := quarterdeck.store_now();
  new.written_by := session_user;
  insert into quarterdeck.audit_head (chain, seq, hash) values (new.chain, new.seq, new.hash)
    on conflict (chain) do update set seq = excluded.seq, hash = excluded.hash;
  return new;
end $$;
create function quarterdeck.audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit is append-only' using errcode = 'QD002';
end $$;
create function quarterdeck.audit_head_guard() returns trigger language plpgsql as $$
begin
  -- Depth 1 is somebody's own statement; only the trigger of the audit writes heads.
  if pg_trigger_depth() < 2 then
    raise exception 'the heads of the audit are written with its lines only' using errcode = 'QD002';
  end if;
  return new;
end $$;
create trigger audit_append before insert on quarterdeck.audit
  for each row execute function quarterdeck.audit_append();
create trigger audit_refuse before update or delete or truncate on quarterdeck.audit
  for each statement execute function quarterdeck.audit_refuse();
create trigger audit_head_guard before insert or update on quarterdeck.audit_head
  for each row execute function quarterdeck.audit_head_guard();
create trigger audit_head_refuse before delete or truncate on quarterdeck.audit_head
  for each statement execute function quarterdeck.audit_refuse();

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

create table quarterdeck.annotation (
  id text primary key,
  environment text not null,
  kind text not null,
  name text not null,
  change text not null,
  at timestamptz not null,
  recorded_at timestamptz not null,
  words text not null,
  by_name text not null,
  position bigint not null
);
create index annotation_by_time on quarterdeck.annotation (environment, at);
create index annotation_by_position on quarterdeck.annotation (position);

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
