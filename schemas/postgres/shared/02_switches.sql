-- A job writes to a table set: a numbered schema, created by the files of table_set/. Users read the schema taxi, whose
-- views show one of the sets. The newest row names that set.
create table if not exists taxi.switches (
    switched_at timestamptz not null default clock_timestamp() primary key,
    table_set text not null
);

-- The views of a set that people do not query.
create schema if not exists taxi_internal;
