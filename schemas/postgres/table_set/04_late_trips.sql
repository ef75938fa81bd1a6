-- Late trips are counted here, in the transaction that stores their arrival.
--
-- An arrival is late if its trip was not counted before, else it is a duplicate. The key of all_trips decides: the row
-- is inserted, or it exists. When an on-time copy arrives that the job's buffer held back, it takes over the row. The
-- sums change only with such a row, so nothing is added twice, regardless of which records are read again.

-- Every writer of late_fares_15m takes this lock first: rows locked in two orders would cause a deadlock.
create or replace function lock_late_fares()
returns void language sql
begin atomic
    select pg_advisory_xact_lock(hashtext(current_schema() || '.late_fares_15m'));
end;

create or replace function window_ends(dropoff_at timestamp)
returns setof timestamp language sql immutable parallel safe rows 15
begin atomic
    select date_trunc('minute', dropoff_at) + minutes_ahead * interval '1 minute'
    from generate_series(1, 15) as minutes_ahead;
end;

create or replace function count_late_arrivals()
returns trigger language plpgsql set search_path from current as $$
begin
    perform lock_late_fares();
    with counted as (
        insert into all_trips as known (
            ${trip_columns},
            on_time
        )
        select distinct on (trip_id, dropoff_at)
            ${trip_columns},
            false
        from arrived
        order by trip_id, dropoff_at, arrived_at, topic, partition, kafka_offset
        -- A trip that only a publication counted until now belongs to the stream from now on: see 06_publications.sql.
        on conflict (trip_id, dropoff_at) do update
        set
            (${trip_details}) = (${excluded.trip_details}),
            on_time = false
        where known.on_time is null
        returning taxi_type, pickup_zone_id, dropoff_at, total_amount_cents
    )
    insert into late_fares_15m as fares (
        taxi_type, pickup_zone_id, window_start, window_end, trips, total_amount_cents
    )
    select
        taxi_type, pickup_zone_id, window_end - interval '15 minutes', window_end,
        count(*), sum(total_amount_cents)
    from counted
    cross join window_ends(dropoff_at) as window_end
    group by taxi_type, pickup_zone_id, window_end
    on conflict (taxi_type, pickup_zone_id, window_end) do update
    set
        trips = fares.trips + excluded.trips,
        total_amount_cents = fares.total_amount_cents + excluded.total_amount_cents;
    return null;
end
$$;

create or replace trigger count_late_arrivals
after insert on late_arrivals
referencing new table as arrived
for each statement execute function count_late_arrivals();

-- A record that is read again causes an update.
create or replace trigger count_repeated_late_arrivals
after update on late_arrivals
referencing new table as arrived
for each statement execute function count_late_arrivals();

-- Removes a trip that is no longer late: the job's windows count it, or it was deleted.
create or replace function uncount_late_trip()
returns trigger language plpgsql set search_path from current as $$
begin
    perform lock_late_fares();
    delete from late_fares_15m as fares
    where
        fares.taxi_type = old.taxi_type
        and fares.pickup_zone_id = old.pickup_zone_id
        and fares.window_end > old.dropoff_at
        and fares.window_end <= old.dropoff_at + interval '15 minutes'
        and fares.trips = 1;
    update late_fares_15m as fares
    set
        trips = fares.trips - 1,
        total_amount_cents = fares.total_amount_cents - old.total_amount_cents
    where
        fares.taxi_type = old.taxi_type
        and fares.pickup_zone_id = old.pickup_zone_id
        and fares.window_end > old.dropoff_at
        and fares.window_end <= old.dropoff_at + interval '15 minutes';
    return null;
end
$$;

-- Row triggers, but only for late rows: an insert fires neither, and the condition skips nearly all updates.
create or replace trigger uncount_late_trip
after update on all_trips
for each row when (new.on_time and not old.on_time) execute function uncount_late_trip();

create or replace trigger uncount_deleted_late_trip
after delete on all_trips
for each row when (not old.on_time) execute function uncount_late_trip();

-- A valid trip that arrived after its minute had closed, at its first arrival; its later arrivals are duplicates.
create or replace view late_trips as
select distinct on (trips.trip_id)
    trips.trip_id,
    trips.taxi_type,
    trips.dropoff_at,
    trips.pickup_zone_id,
    trips.total_amount_cents,
    trips.source_file,
    arrivals.arrived_at,
    arrivals.topic,
    arrivals.partition,
    arrivals.kafka_offset,
    arrivals.arrived_at - trips.dropoff_at as lateness,
    (
        select count(*)
        from late_fares_15m as fares
        where
            fares.taxi_type = trips.taxi_type
            and fares.pickup_zone_id = trips.pickup_zone_id
            and fares.window_end > trips.dropoff_at
            and fares.window_end <= trips.dropoff_at + interval '15 minutes'
    )::integer as windows_corrected
from all_trips as trips
inner join late_arrivals as arrivals on trips.trip_id = arrivals.trip_id
where not trips.on_time
order by trips.trip_id, arrivals.arrived_at, arrivals.topic, arrivals.partition, arrivals.kafka_offset;
