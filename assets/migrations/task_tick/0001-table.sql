-- That a periodic task was done: written once, never changed. Numbered from 1 within the task.
create table quarterdeck.task_tick (
  task text not null,
  number bigint not null,
  note text not null,
  by_name text not null,
  at timestamptz not null,
  position bigint not null,
  primary key (task, number)
);
create index task_tick_by_position on quarterdeck.task_tick (position);
create index task_tick_by_time on quarterdeck.task_tick (at);
