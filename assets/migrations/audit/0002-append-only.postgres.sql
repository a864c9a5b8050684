-- The one place where the store's SQL takes its time from. Tests replace its body; production has no offset.
create function quarterdeck.store_now() returns timestamptz language sql volatile as 'select clock_timestamp()';

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
