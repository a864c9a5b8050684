-- Times are microseconds since 1970-01-01 UTC; store_now() is registered by the console that opens the store.

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
