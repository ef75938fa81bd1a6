-- One row an accepted trip. Partitioned by month of drop-off, so that a month can be replaced as a unit.
-- on_time says which windows count it: those of the job, or, when it came late, late_fares_15m.
create table if not exists trips (
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
    on_time boolean not null,
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
            'create table %I.trips_%s partition of trips for values from (%L) to (%L)',
            months, to_char(first_day, 'YYYY_MM'), first_day, first_day + interval '1 month'
        );
    end loop;
    execute format('create table %I.trips_other partition of trips default', months);
end
$$;

create index if not exists trips_dropoff_at on trips (dropoff_at);
create index if not exists trips_late on trips (dropoff_at) where not on_time;
