-- One row per accepted trip. Partitioned by month of drop-off, so that an operation on a month touches three
-- partitions. on_time tells which windows count the trip: true, those of the job; false, late_fares_15m; null, if the
-- stream does not know the trip, published_fares_15m.
create table if not exists all_trips (
    ${trip_column_definitions},
    on_time boolean,
    -- The publication whose month does not contain this trip, and the publication that added a trip unknown to the
    -- stream.
    withdrawn_by bigint,
    published_by bigint,
    primary key (trip_id, dropoff_at)
) partition by range (dropoff_at);

-- The partitions have their own schema, so that a list of the tables stays readable.
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

-- The trips that count. Columns of later versions come last: a view can only grow at its end.
create or replace view trips as
select ${shown_trip_columns}
from all_trips
where withdrawn_by is null;
