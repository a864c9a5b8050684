-- Which attempt wrote a line, and the tables of the facts that changed with it: what was written is found again, and consoles are told
-- by the tail of the audit. Lines from before have neither.
alter table audit add column attempt text;
alter table audit add column facts text;
create index audit_by_attempt on audit (attempt) where attempt is not null;

-- A console from before that is still open would change facts without telling which.
create trigger audit_tells before insert on audit begin
  select raise(abort, 'QD003: its tables were migrated by a newer Quarterdeck, update this console') where new.facts is null;
end;
