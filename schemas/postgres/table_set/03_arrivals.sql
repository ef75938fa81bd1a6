-- Records that did not enter a window, each stored once by its address in Kafka. arrived_at is the record's Kafka
-- timestamp: the event clock of the replay at the time of publishing.

create table if not exists quarantined_arrivals (
    topic text not null,
    partition integer not null,
    kafka_offset bigint not null,
    arrived_at timestamp not null,
    trip_id uuid not null,
    taxi_type text not null,
    rules text[] not null,
    source_file text not null,
    source_month date not null,
    pickup_at timestamp,
    dropoff_at timestamp,
    pickup_zone_id integer,
    dropoff_zone_id integer,
    trip_distance double precision,
    fare_amount_cents bigint,
    total_amount_cents bigint,
    primary key (topic, partition, kafka_offset)
);
create index if not exists quarantined_arrivals_trip_id on quarantined_arrivals (trip_id);

-- The complete trip. The triggers of 04_late_trips.sql copy it to `trips` if it was not counted before.
create table if not exists late_arrivals (
    topic text not null,
    partition integer not null,
    kafka_offset bigint not null,
    arrived_at timestamp not null,
    ${trip_column_definitions},
    primary key (topic, partition, kafka_offset)
);
create index if not exists late_arrivals_trip_id on late_arrivals (trip_id);

-- Copies of a trip that arrived while its minute was still open; the window counts only the first.
create table if not exists repeated_arrivals (
    trip_id uuid not null,
    taxi_type text not null,
    dropoff_minute timestamp not null,
    repeats bigint not null check (repeats > 0),
    primary key (trip_id, dropoff_minute)
);

-- Records that cannot be decoded or stored, by their address in Kafka. Also rows of the job that Postgres refused
-- (error_class refused_by_sink): their topic is the table, their offset is a number derived from the key, and their
-- payload is the row as JSON.
create table if not exists dead_letters (
    topic text not null,
    partition integer not null,
    kafka_offset bigint not null,
    arrived_at timestamp not null,
    record_key bytea,
    error_class text not null,
    error text not null,
    schema_id integer,
    payload bytea,
    redriven_at timestamp,
    primary key (topic, partition, kafka_offset)
);

-- A trip that breaks a rule, at its first arrival; later arrivals of it are duplicates.
create or replace view first_quarantined_arrivals as
select distinct on (trip_id)
    trip_id,
    taxi_type,
    rules,
    source_file,
    source_month,
    pickup_at,
    dropoff_at,
    pickup_zone_id,
    dropoff_zone_id,
    trip_distance,
    fare_amount_cents,
    total_amount_cents,
    arrived_at,
    topic,
    partition,
    kafka_offset
from quarantined_arrivals
order by trip_id, arrived_at, topic, partition, kafka_offset;
