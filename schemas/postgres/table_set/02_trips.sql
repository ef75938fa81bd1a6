-- One row an accepted trip. Partitioned by month of drop-off, so that what concerns a month touches three partitions.
-- on_time says which windows count it: those of the job, or, when it came late, late_fares_15m. It is null where the
-- stream does not know the trip: then published_fares_15m counts it.
create table if not exists all_trips (
    trip_id uuid not null,
    taxi_type text not null,
    source_file text not null,
    source_month date not null,
    pickup_at timestamp not null,
    dropoff_at timestamp not null,
    pickup_zone_id integer not null,
    dropoff_zone_id integer,
    vendor_id integer,
    passenger_count integer,
    trip_distance double precision,
    rate_code_id integer,
    store_and_fwd_flag text,
    payment_type integer,
    trip_type integer,
    fare_amount_cents bigint,
    extra_cents bigint,
    mta_tax_cents bigint,
    tip_amount_cents bigint,
    tolls_amount_cents bigint,
    ehail_fee_cents bigint,
    improvement_surcharge_cents bigint,
    congestion_surcharge_cents bigint,
    airport_fee_cents bigint,
    total_amount_cents bigint not null,
    cbd_congestion_fee_cents bigint,
    on_time boolean,
    -- The publication that knows no such trip in its month; and the one that brought a trip which the stream had not.
    withdrawn_by bigint,
    published_by bigint,
    primary key (trip_id, dropoff_at)
) partition by range (dropoff_at);

-- The partitions live in a schema of their own, so that a list of the tables stays readable.
do $$
declare
    months text := current_schema() || '_months';
    first_day date;
begin
    if to_regclass(months || '.trips_other') is not null then
        return;
    end if;
    execute format('create schema %I', months);
    for first_day in
        select generate_series(date '2009-01-01', date '2030-12-01', interval '1 month')
    loop
        execute format(
            'create table %I.trips_%s partition of all_trips for values from (%L) to (%L)',
            months, to_char(first_day, 'YYYY_MM'), first_day, first_day + interval '1 month'
        );
    end loop;
    execute format('create table %I.trips_other partition of all_trips default', months);
end
$$;

create index if not exists trips_dropoff_at on all_trips (dropoff_at);
create index if not exists trips_late on all_trips (dropoff_at) where not on_time;

-- The trips that count.
create or replace view trips as
select
    trip_id,
    taxi_type,
    source_file,
    source_month,
    pickup_at,
    dropoff_at,
    pickup_zone_id,
    dropoff_zone_id,
    vendor_id,
    passenger_count,
    trip_distance,
    rate_code_id,
    store_and_fwd_flag,
    payment_type,
    trip_type,
    fare_amount_cents,
    extra_cents,
    mta_tax_cents,
    tip_amount_cents,
    tolls_amount_cents,
    ehail_fee_cents,
    improvement_surcharge_cents,
    congestion_surcharge_cents,
    airport_fee_cents,
    total_amount_cents,
    cbd_congestion_fee_cents,
    on_time
from all_trips
where withdrawn_by is null;
