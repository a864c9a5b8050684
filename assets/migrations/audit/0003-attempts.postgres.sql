-- Which attempt wrote a line, and the tables of the facts that changed with it: what was written is found again, and consoles are told
-- by the tail of the audit. Lines from before have neither.
alter table quarterdeck.audit add column attempt text;
alter table quarterdeck.audit add column facts text;
create index audit_by_attempt on quarterdeck.audit (attempt) where attempt is not null;

-- A console from before that is still open would change facts without telling which.
create function quarterdeck.audit_tells() returns trigger language plpgsql as $$
begin
  if new.facts is null then
    raise exception 'its tables were migrated by a newer Quarterdeck, update this console' using errcode = 'QD003';
  end if;
  return new;
end $$;
create trigger audit_tells before insert on quarterdeck.audit
  for each row execute function quarterdeck.audit_tells();
