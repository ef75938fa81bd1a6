-- Average trip cost of a pickup zone over 15 minutes, one window a minute: the sum of two tables. The job writes one,
-- and writes windows again when it restarts; what late trips add stands in the other, where that undoes nothing.

-- The windows of the trips that came on time. Written by the job.
create table if not exists on_time_fares_15m (
    taxi_type text not null,
    pickup_zone_id integer not null,
    window_start timestamp not null,
    window_end timestamp not null,
    trips bigint not null check (trips > 0),
    total_amount_cents bigint not null,
    avg_total_amount numeric(12, 4) not null,
    primary key (taxi_type, pickup_zone_id, window_end),
    check (window_end - window_start = interval '15 minutes')
);

-- Every quarter of an hour the windows stand side by side, and each trip is in exactly one of them:
-- the ledger counts windowed trips there, without reading the other fourteen fifteenths.
create index if not exists on_time_fares_15m_quarter_hours on on_time_fares_15m (taxi_type, window_start)
include (trips)
where extract(minute from window_end)::integer % 15 = 0;

-- The windows of the trips that came late: of each row of trips that is not on_time. Kept by its triggers.
create table if not exists late_fares_15m (
    taxi_type text not null,
    pickup_zone_id integer not null,
    window_start timestamp not null,
    window_end timestamp not null,
    trips bigint not null check (trips > 0),
    total_amount_cents bigint not null,
    primary key (taxi_type, pickup_zone_id, window_end),
    check (window_end - window_start = interval '15 minutes')
);
create index if not exists late_fares_15m_quarter_hours on late_fares_15m (taxi_type, window_start)
include (trips)
where extract(minute from window_end)::integer % 15 = 0;

create or replace function average_dollars(total_amount_cents bigint, trips bigint)
returns numeric language sql immutable parallel safe
return round(total_amount_cents::numeric / (trips * 100), 4)::numeric(12, 4);

-- One row a taxi type, pickup zone and window that has trips, on time or late.
create or replace view zone_fares_15m as
select
    on_time.taxi_type,
    on_time.pickup_zone_id,
    on_time.window_start,
    on_time.window_end,
    on_time.trips + coalesce(late.trips, 0) as trips,
    on_time.total_amount_cents + coalesce(late.total_amount_cents, 0) as total_amount_cents,
    case
        when late.trips is null then on_time.avg_total_amount
        else average_dollars(
            on_time.total_amount_cents + late.total_amount_cents, on_time.trips + late.trips
        )::numeric(12, 4)
    end as avg_total_amount
from on_time_fares_15m as on_time
left join late_fares_15m as late
    on
        on_time.taxi_type = late.taxi_type
        and on_time.pickup_zone_id = late.pickup_zone_id
        and on_time.window_end = late.window_end
union all
select
    late.taxi_type,
    late.pickup_zone_id,
    late.window_start,
    late.window_end,
    late.trips,
    late.total_amount_cents,
    average_dollars(late.total_amount_cents, late.trips)::numeric(12, 4) as avg_total_amount
from late_fares_15m as late
where
    not exists (
        select 1
        from on_time_fares_15m as on_time
        where
            on_time.taxi_type = late.taxi_type
            and on_time.pickup_zone_id = late.pickup_zone_id
            and on_time.window_end = late.window_end
    );

-- The newest closed window of each zone. A few index look-ups a zone, however many windows there are: of each table
-- Postgres finds the newest row by the key, but of the view only by reading it all.
-- A trip that is late by minutes corrects windows that are still open; these are left out.
create or replace view zone_fares_now as
with newest_on_time as (
    select
        taxi_types.taxi_type,
        zones.zone_id,
        zones.zone_name,
        zones.borough,
        (
            select max(fares.window_end)
            from on_time_fares_15m as fares
            where fares.taxi_type = taxi_types.taxi_type and fares.pickup_zone_id = zones.zone_id
        ) as window_end
    from (values ('yellow'), ('green'), ('fhvhv')) as taxi_types (taxi_type)
    cross join taxi.zones
),

progress as (
    select
        *,
        max(window_end) over (partition by taxi_type) as closed_until
    from newest_on_time
),

newest as (
    select
        taxi_type,
        zone_id,
        zone_name,
        borough,
        greatest(
            window_end,
            (
                select max(fares.window_end)
                from late_fares_15m as fares
                where
                    fares.taxi_type = progress.taxi_type
                    and fares.pickup_zone_id = progress.zone_id
                    and fares.window_end <= progress.closed_until
            )
        ) as window_end
    from progress
)

-- In the order of the columns of zone_fares_15m.
select  -- noqa: ST06
    newest.taxi_type,
    newest.zone_id as pickup_zone_id,
    newest.zone_name,
    newest.borough,
    newest.window_end - interval '15 minutes' as window_start,
    newest.window_end,
    coalesce(on_time.trips, 0) + coalesce(late.trips, 0) as trips,
    coalesce(on_time.total_amount_cents, 0) + coalesce(late.total_amount_cents, 0) as total_amount_cents,
    average_dollars(
        coalesce(on_time.total_amount_cents, 0) + coalesce(late.total_amount_cents, 0),
        coalesce(on_time.trips, 0) + coalesce(late.trips, 0)
    )::numeric(12, 4) as avg_total_amount
from newest
left join on_time_fares_15m as on_time
    on
        newest.taxi_type = on_time.taxi_type
        and newest.zone_id = on_time.pickup_zone_id
        and newest.window_end = on_time.window_end
left join late_fares_15m as late
    on
        newest.taxi_type = late.taxi_type
        and newest.zone_id = late.pickup_zone_id
        and newest.window_end = late.window_end
where newest.window_end is not null;
