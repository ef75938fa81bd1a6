-- What a job writes is a table set: a schema with a number, made by the files of table_set/. People read the schema
-- taxi, whose views show one of the sets. The newest row says which.
create table if not exists taxi.switches (
    switched_at timestamptz not null default clock_timestamp() primary key,
    table_set text not null
);

-- The views of a set that people do not query.
create schema if not exists taxi_internal;
