-- Average trip cost by pickup zone over 15 minutes, one window per minute: the sum of three tables. The job writes one
-- of them, and rewrites windows after a restart. Late trips and published months are added in the two others, so that
-- a restart of the job reverts nothing.

-- Earlier versions stored what on_time_fares_15m computes. Their job needs their columns, so that only a new set can
-- have these.
do $$
begin
    if (select relkind from pg_class where oid = to_regclass('on_time_fares_15m')) = 'r' then
        raise exception 'the tables of % are those of an earlier version, whose windows have other columns',
            current_schema()
        using errcode = 'wrong_object_type',
            hint = 'run ./taxi job deploy zone_fares --side-by-side to build them from the start of the topic,'
                ' then ./taxi job switch';
    end if;
end
$$;

-- The windows of on-time trips, which the job writes: most rows of a stream, and so without what can be computed.
-- The zone is first in the key because numbers are compared faster than texts, of which there are three.
create table if not exists on_time_windows (
    taxi_type text not null,
    pickup_zone_id integer not null,
    window_end timestamp not null,
    trips bigint not null check (trips > 0),
    total_amount_cents bigint not null,
    primary key (pickup_zone_id, taxi_type, window_end)
);

-- The windows that end on a quarter of an hour do not overlap, and each trip is in exactly one of them. The ledger
-- counts windowed trips there, and reads only one window in fifteen.
create index if not exists on_time_windows_quarter_hours
on on_time_windows (taxi_type, (window_end - interval '15 minutes'))
include (window_end, trips)
where extract(minute from window_end)::integer % 15 = 0;

-- Without them Postgres expects half a percent of the rows in any range of starts.
do $$
begin
    if not exists (
        select from pg_statistic_ext
        where stxname = 'on_time_windows_starts' and stxnamespace::regnamespace::text = current_schema()
    ) then
        create statistics on_time_windows_starts on (window_end - interval '15 minutes') from on_time_windows;
    end if;
end
$$;

-- The windows of late trips: of each row of trips that is not on_time. The triggers of all_trips maintain them.
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

-- The changes by published months: plus each trip that only a publication counts, minus each trip that a publication
-- has withdrawn. The triggers of all_trips maintain them.
create table if not exists published_fares_15m (
    taxi_type text not null,
    pickup_zone_id integer not null,
    window_start timestamp not null,
    window_end timestamp not null,
    trips bigint not null,
    total_amount_cents bigint not null,
    primary key (taxi_type, pickup_zone_id, window_end),
    check (window_end - window_start = interval '15 minutes')
);
create index if not exists published_fares_15m_void on published_fares_15m (taxi_type)
where trips = 0 and total_amount_cents = 0;

create or replace function average_dollars(total_amount_cents bigint, trips bigint)
returns numeric language sql immutable parallel safe
return round(total_amount_cents::numeric / (trips * 100), 4)::numeric(12, 4);

-- In the column order of zone_fares_15m.
create or replace view on_time_fares_15m as
select  -- noqa: ST06
    taxi_type,
    pickup_zone_id,
    window_end - interval '15 minutes' as window_start,
    window_end,
    trips,
    total_amount_cents,
    average_dollars(total_amount_cents, trips)::numeric(12, 4) as avg_total_amount
from on_time_windows;

-- One row per taxi type, pickup zone and window with trips. A window may be in up to three tables. The view shows it
-- once, from the first of them: on time, late, published.
create or replace view zone_fares_15m as
select
    on_time.taxi_type,
    on_time.pickup_zone_id,
    on_time.window_start,
    on_time.window_end,
    on_time.trips + coalesce(late.trips, 0) + coalesce(published.trips, 0) as trips,
    on_time.total_amount_cents + coalesce(late.total_amount_cents, 0)
    + coalesce(published.total_amount_cents, 0) as total_amount_cents,
    average_dollars(
        on_time.total_amount_cents + coalesce(late.total_amount_cents, 0)
        + coalesce(published.total_amount_cents, 0),
        on_time.trips + coalesce(late.trips, 0) + coalesce(published.trips, 0)
    )::numeric(12, 4) as avg_total_amount
from on_time_fares_15m as on_time
left join late_fares_15m as late
    on
        on_time.taxi_type = late.taxi_type
        and on_time.pickup_zone_id = late.pickup_zone_id
        and on_time.window_end = late.window_end
left join published_fares_15m as published
    on
        on_time.taxi_type = published.taxi_type
        and on_time.pickup_zone_id = published.pickup_zone_id
        and on_time.window_end = published.window_end
where on_time.trips + coalesce(late.trips, 0) + coalesce(published.trips, 0) > 0
union all
select
    late.taxi_type,
    late.pickup_zone_id,
    late.window_start,
    late.window_end,
    late.trips + coalesce(published.trips, 0) as trips,
    late.total_amount_cents + coalesce(published.total_amount_cents, 0) as total_amount_cents,
    average_dollars(
        late.total_amount_cents + coalesce(published.total_amount_cents, 0),
        late.trips + coalesce(published.trips, 0)
    )::numeric(12, 4) as avg_total_amount
from late_fares_15m as late
left join published_fares_15m as published
    on
        late.taxi_type = published.taxi_type
        and late.pickup_zone_id = published.pickup_zone_id
        and late.window_end = published.window_end
where
    late.trips + coalesce(published.trips, 0) > 0
    and not exists (
        select 1
        from on_time_fares_15m as on_time
        where
            on_time.taxi_type = late.taxi_type
            and on_time.pickup_zone_id = late.pickup_zone_id
            and on_time.window_end = late.window_end
    )
union all
select
    published.taxi_type,
    published.pickup_zone_id,
    published.window_start,
    published.window_end,
    published.trips,
    published.total_amount_cents,
    average_dollars(published.total_amount_cents, published.trips)::numeric(12, 4) as avg_total_amount
from published_fares_15m as published
where
    published.trips > 0
    and not exists (
        select 1
        from on_time_fares_15m as on_time
        where
            on_time.taxi_type = published.taxi_type
            and on_time.pickup_zone_id = published.pickup_zone_id
            and on_time.window_end = published.window_end
    )
    and not exists (
        select 1
        from late_fares_15m as late
        where
            late.taxi_type = published.taxi_type
            and late.pickup_zone_id = published.pickup_zone_id
            and late.window_end = published.window_end
    );

-- The windows that end on a quarter of an hour: they do not overlap, so their trips may be added up.
create or replace view zone_fares_quarter_hours as
select
    taxi_type,
    pickup_zone_id,
    window_start,
    window_end,
    trips,
    total_amount_cents,
    avg_total_amount
from zone_fares_15m
where extract(minute from window_end)::integer % 15 = 0;

-- The newest closed window of each zone, unless it is older than taxi.settings allows.
-- It costs a few index look-ups per zone, regardless of the number of windows: Postgres finds the newest row of each
-- table by its key, but would read the whole view.
-- The newest window of the job defines the current event time. A trip that is late by minutes, or a month published
-- ahead of the stream, is in windows that are still open. These windows are excluded.
-- Materialized, and with look-ups by key instead of joins: otherwise the planner evaluates the clocks for each zone.
create or replace view zone_fares_now as
with event_clocks as materialized (
    select
        taxi_types.taxi_type,
        coalesce(
            (
                select max(newest.window_end)
                from taxi.zones
                cross join lateral (
                    select max(fares.window_end) as window_end
                    from on_time_fares_15m as fares
                    where fares.taxi_type = taxi_types.taxi_type and fares.pickup_zone_id = zones.zone_id
                ) as newest
            ),
            (
                select max(newest.window_end)
                from taxi.zones
                cross join lateral (
                    select max(fares.window_end) as window_end
                    from published_fares_15m as fares
                    where fares.taxi_type = taxi_types.taxi_type and fares.pickup_zone_id = zones.zone_id
                ) as newest
            )
        ) as closed_until
    from (values ('yellow'), ('green'), ('fhvhv')) as taxi_types (taxi_type)
),

clocks as materialized (
    select
        clocks.taxi_type,
        clocks.closed_until,
        clocks.closed_until - settings.fresh_for as fresh_from
    from event_clocks as clocks
    cross join taxi.settings
),

-- A withdrawal may leave a window of the job without trips. Then the window before it is the newest.
newest as materialized (
    select
        clocks.taxi_type,
        zones.zone_id,
        zones.zone_name,
        zones.borough,
        clocks.closed_until,
        greatest(
            (
                select fares.window_end
                from on_time_fares_15m as fares
                where
                    fares.taxi_type = clocks.taxi_type
                    and fares.pickup_zone_id = zones.zone_id
                    and fares.window_end >= clocks.fresh_from
                    and fares.trips + coalesce(
                        (
                            select late.trips
                            from late_fares_15m as late
                            where
                                late.taxi_type = fares.taxi_type
                                and late.pickup_zone_id = fares.pickup_zone_id
                                and late.window_end = fares.window_end
                        ),
                        0
                    )
                    + coalesce(
                        (
                            select published.trips
                            from published_fares_15m as published
                            where
                                published.taxi_type = fares.taxi_type
                                and published.pickup_zone_id = fares.pickup_zone_id
                                and published.window_end = fares.window_end
                        ),
                        0
                    ) > 0
                order by fares.window_end desc
                limit 1
            ),
            (
                select fares.window_end
                from late_fares_15m as fares
                where
                    fares.taxi_type = clocks.taxi_type
                    and fares.pickup_zone_id = zones.zone_id
                    and fares.window_end between clocks.fresh_from and clocks.closed_until
                    and fares.trips
                    + coalesce(
                        (
                            select published.trips
                            from published_fares_15m as published
                            where
                                published.taxi_type = fares.taxi_type
                                and published.pickup_zone_id = fares.pickup_zone_id
                                and published.window_end = fares.window_end
                        ),
                        0
                    ) > 0
                order by fares.window_end desc
                limit 1
            ),
            (
                select fares.window_end
                from published_fares_15m as fares
                where
                    fares.taxi_type = clocks.taxi_type
                    and fares.pickup_zone_id = zones.zone_id
                    and fares.window_end between clocks.fresh_from and clocks.closed_until
                    and fares.trips > 0
                order by fares.window_end desc
                limit 1
            )
        ) as window_end
    from clocks
    cross join taxi.zones
)

-- In the column order of zone_fares_15m; what came later is last, because a view can only grow at its end.
select  -- noqa: ST06
    newest.taxi_type,
    newest.zone_id as pickup_zone_id,
    newest.zone_name,
    newest.borough,
    newest.window_end - interval '15 minutes' as window_start,
    newest.window_end,
    coalesce(on_time.trips, 0) + coalesce(late.trips, 0) + coalesce(published.trips, 0) as trips,
    coalesce(on_time.total_amount_cents, 0) + coalesce(late.total_amount_cents, 0)
    + coalesce(published.total_amount_cents, 0) as total_amount_cents,
    average_dollars(
        coalesce(on_time.total_amount_cents, 0) + coalesce(late.total_amount_cents, 0)
        + coalesce(published.total_amount_cents, 0),
        coalesce(on_time.trips, 0) + coalesce(late.trips, 0) + coalesce(published.trips, 0)
    )::numeric(12, 4) as avg_total_amount,
    newest.closed_until as as_of,
    newest.closed_until - newest.window_end as age
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
left join published_fares_15m as published
    on
        newest.taxi_type = published.taxi_type
        and newest.zone_id = published.pickup_zone_id
        and newest.window_end = published.window_end
where newest.window_end is not null;
