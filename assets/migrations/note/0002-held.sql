-- Consoles hold the newest notes on alerts and are told of what changes: both are found by the position in the audit.
create index note_by_position on quarterdeck.note (position);
create index note_live on quarterdeck.note (position) where withdrawn_at is null and kind = 'alert';
