-- The accounting: every record that the job read, and where it went. Trips that publications add or withdraw are not
-- records of the stream, so the ledger ignores them.

-- The records as the job reads them, before any processing. The job counts them.
-- quarter_start is the quarter of an hour of the drop-off if the trip is valid, else of the arrival.
create table if not exists received_records (
    taxi_type text not null,
    quarter_start timestamp not null,
    disposition text not null check (
        disposition in ('on_time', 'after_close', 'quarantined', 'dead_letter', 'progress_marker')
    ),
    records bigint not null,
    primary key (taxi_type, quarter_start, disposition)
);

-- A second count of the on-time trips, without event time: a trip that a window drops is counted here, but not above.
-- A job of a version without this table counted only above, and so the first quarters of an upgraded job are complete
-- only there.
create table if not exists on_time_as_read (
    taxi_type text not null,
    quarter_start timestamp not null,
    records bigint not null,
    primary key (taxi_type, quarter_start)
);

-- Parses the clock of a refused row. An implausible clock, which may be the reason for the refusal, becomes the epoch.
create or replace function written_clock(clock text)
returns timestamp language sql stable parallel safe
return case when clock ~ '^\d{4}-\d\d-\d\dT' then clock::timestamp else timestamp 'epoch' end;

create or replace view trip_ledger as
-- Rows of the job that Postgres refused: dead letters under the name of their table.
with refused_rows as (
    select
        topic as table_name,
        convert_from(payload, 'UTF8')::jsonb as contents
    from dead_letters
    where error_class = 'refused_by_sink'
),

refused_records as (
    select
        table_name,
        contents,
        coalesce(contents ->> 'taxi_type', 'unknown') as taxi_type,
        date_trunc('hour', case table_name
            when 'on_time_windows' then written_clock(contents ->> 'window_end') - interval '15 minutes'
            when 'late_arrivals' then written_clock(contents ->> 'dropoff_at')
            when 'all_trips' then written_clock(contents ->> 'dropoff_at')
            when 'repeated_arrivals' then written_clock(contents ->> 'dropoff_minute')
            when 'received_records' then written_clock(contents ->> 'quarter_start')
            else written_clock(contents ->> 'arrived_at')
        end) as event_hour,
        case table_name
            when 'on_time_windows' then (contents ->> 'trips')::bigint
            when 'repeated_arrivals' then (contents ->> 'repeats')::bigint
            when 'received_records' then (contents ->> 'records')::bigint
            else 1
        end as records
    from refused_rows
),

entries as (
    select
        taxi_type,
        date_trunc('hour', quarter_start) as event_hour,
        'received' as account,
        greatest(in_windows.records, as_read.records) as records
    from (
        select
            taxi_type,
            quarter_start,
            max(records) as records
        from (
            select
                taxi_type,
                quarter_start,
                records
            from received_records
            where disposition = 'on_time'
            union all
            -- A refused count is newer and greater than the stored one.
            select
                taxi_type,
                written_clock(contents ->> 'quarter_start'),
                records
            from refused_records
            where table_name = 'received_records' and contents ->> 'disposition' = 'on_time'
        ) as counts
        group by taxi_type, quarter_start
    ) as in_windows
    full outer join on_time_as_read as as_read using (taxi_type, quarter_start)
    union all
    select
        taxi_type,
        date_trunc('hour', quarter_start),
        case when disposition = 'progress_marker' then 'progress_markers' else 'received' end,
        records
    from received_records
    where disposition <> 'on_time'
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
    -- Late arrivals that are not the first arrival of a late trip are duplicates.
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
    where error_class <> 'refused_by_sink'
    union all
    -- Refused rows count in the hour of their records. Of the windows of a trip only one is counted, as with stored
    -- windows. A refused row of the trip itself is not counted in addition.
    select
        taxi_type,
        event_hour,
        'dead_letters',
        records
    from refused_records
    where
        table_name in ('quarantined_arrivals', 'late_arrivals', 'repeated_arrivals', 'dead_letters')
        or (
            table_name = 'on_time_windows'
            and extract(minute from written_clock(contents ->> 'window_end'))::integer % 15 = 0
        )
    union all
    -- The other refused counts, in the same way.
    select
        refused.taxi_type,
        refused.event_hour,
        case
            when refused.contents ->> 'disposition' = 'progress_marker' then 'progress_markers' else 'received'
        end,
        refused.records - coalesce(stored.records, 0)
    from refused_records as refused
    left join received_records as stored
        on
            refused.taxi_type = stored.taxi_type
            and written_clock(refused.contents ->> 'quarter_start') = stored.quarter_start
            and refused.contents ->> 'disposition' = stored.disposition
    where refused.table_name = 'received_records' and refused.contents ->> 'disposition' <> 'on_time'
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

-- A late arrival may be stored while the job still holds back an on-time copy of its trip. Then the trip counts as
-- late, and the accounts add up. Or the trip counts as on time because an earlier run classified it so, and its
-- arrival counts as a duplicate. In an hour with late arrivals, the number of on-time trips must equal the number that
-- the windows count.
hours_with_late_arrivals as (
    select distinct
        taxi_type,
        date_trunc('hour', dropoff_at) as event_hour
    from late_arrivals
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
        ) + (
            select count(*)
            from refused_records as refused
            where
                refused.table_name = 'all_trips'
                and refused.taxi_type = hours.taxi_type
                and refused.event_hour = hours.event_hour
                and not exists (
                    select 1
                    from all_trips as written
                    where
                        written.trip_id = (refused.contents ->> 'trip_id')::uuid
                        and written.dropoff_at = written_clock(refused.contents ->> 'dropoff_at')
                )
        ) as trips
    from hours_with_late_arrivals as hours
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

-- received counts all records except progress markers. imbalance is 0 whenever no record is in flight.
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
