-- What operators may change while everything runs: one row, read by the views of every table set.
create table if not exists taxi.settings (
    fresh_for interval not null default '60 minutes' check (fresh_for >= interval '0'),
    only_row boolean primary key default true check (only_row)
);
insert into taxi.settings default values on conflict do nothing;
