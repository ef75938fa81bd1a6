-- The accounting: every record that the job read, and where it went. What publications add or withdraw is no record
-- of the stream, so it is not looked at here.

-- Counted by the job as it reads: what arrived, before any of it is dealt with.
-- quarter_start is the quarter of an hour of the drop-off where the trip is valid, else of the arrival.
create table if not exists received_records (
    taxi_type text not null,
    quarter_start timestamp not null,
    disposition text not null check (
        disposition in ('on_time', 'after_close', 'quarantined', 'dead_letter', 'progress_marker')
    ),
    records bigint not null,
    primary key (taxi_type, quarter_start, disposition)
);

create or replace view trip_ledger as
with entries as (
    select
        taxi_type,
        date_trunc('hour', quarter_start) as event_hour,
        case when disposition = 'progress_marker' then 'progress_markers' else 'received' end as account,
        records
    from received_records
    union all
    select
        taxi_type,
        date_trunc('hour', window_start),
        'windowed',
        trips
    from on_time_fares_15m
    where extract(minute from window_end)::integer % 15 = 0
    union all
    select
        taxi_type,
        date_trunc('hour', window_start),
        'late',
        trips
    from late_fares_15m
    where extract(minute from window_end)::integer % 15 = 0
    union all
    select
        taxi_type,
        date_trunc('hour', dropoff_minute),
        'duplicates',
        repeats
    from repeated_arrivals
    union all
    -- Of the late arrivals, those are duplicates that are no late trip's first.
    select
        taxi_type,
        date_trunc('hour', dropoff_at),
        'duplicates',
        1
    from late_arrivals
    union all
    select
        taxi_type,
        date_trunc('hour', dropoff_at),
        'duplicates',
        -1
    from all_trips
    where not on_time
    union all
    select
        arrivals.taxi_type,
        date_trunc('hour', arrivals.arrived_at),
        case when firsts.trip_id is null then 'duplicates' else 'quarantined' end,
        1
    from quarantined_arrivals as arrivals
    left join first_quarantined_arrivals as firsts using (topic, partition, kafka_offset)
    union all
    select
        'unknown',
        date_trunc('hour', arrived_at),
        'dead_letters',
        1
    from dead_letters
),

accounts as (
    select
        taxi_type,
        event_hour,
        coalesce(sum(records) filter (where account = 'received'), 0)::bigint as received,
        coalesce(sum(records) filter (where account = 'windowed'), 0)::bigint as windowed,
        coalesce(sum(records) filter (where account = 'quarantined'), 0)::bigint as quarantined,
        coalesce(sum(records) filter (where account = 'late'), 0)::bigint as late,
        coalesce(sum(records) filter (where account = 'duplicates'), 0)::bigint as duplicates,
        coalesce(sum(records) filter (where account = 'dead_letters'), 0)::bigint as dead_letters,
        coalesce(sum(records) filter (where account = 'progress_markers'), 0)::bigint as progress_markers
    from entries
    group by taxi_type, event_hour
),

-- A late arrival may be stored while the job still holds back an on-time copy of its trip: then it passes for a late
-- trip, and the accounts add up. In an hour with late trips, the trips must be as many as the windows count.
hours_with_late_trips as (
    select distinct
        taxi_type,
        date_trunc('hour', dropoff_at) as event_hour
    from all_trips
    where not on_time
),

trips_on_time as (
    select
        hours.taxi_type,
        hours.event_hour,
        (
            select count(*)
            from all_trips as trips
            where
                trips.taxi_type = hours.taxi_type
                and trips.dropoff_at >= hours.event_hour
                and trips.dropoff_at < hours.event_hour + interval '1 hour'
                and trips.on_time
        ) as trips
    from hours_with_late_trips as hours
),

balances as (
    select
        accounts.*,
        accounts.received - accounts.windowed - accounts.quarantined - accounts.late
        - accounts.duplicates - accounts.dead_letters as unaccounted,
        coalesce(trips_on_time.trips - accounts.windowed, 0) as ahead_of_windows
    from accounts
    left join trips_on_time
        on accounts.taxi_type = trips_on_time.taxi_type and accounts.event_hour = trips_on_time.event_hour
)

-- received counts everything but progress markers; imbalance is 0 at every quiet point.
select
    taxi_type,
    event_hour,
    received,
    windowed,
    quarantined,
    late,
    duplicates,
    dead_letters,
    progress_markers,
    case when unaccounted = 0 then ahead_of_windows else unaccounted end as imbalance
from balances;
