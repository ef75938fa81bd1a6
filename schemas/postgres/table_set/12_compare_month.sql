-- One side of a comparison: the served month, or the month as the stream wrote it, regardless of later publications.
-- For the stream, only windows of on-time trips: those of late trips are in late_fares_15m.
create or replace function look_at_side(our_side text, wanted_taxi_type text, begins timestamp, ends timestamp)
returns void language plpgsql set search_path from current as $$
declare
    span text := format('taxi_type = %L and dropoff_at >= %L and dropoff_at < %L', wanted_taxi_type, begins, ends);
begin
    if our_side = 'served' then
        execute 'create or replace temporary view our_fares as'
            ' select taxi_type, pickup_zone_id, window_end, trips, total_amount_cents from zone_fares_15m';
        execute 'create or replace temporary view our_trips as'
            ' select 0::bigint as publication, known.*, false as is_late from all_trips as known'
            ' where withdrawn_by is null and ' || span;
        return;
    end if;
    execute 'create or replace temporary view our_fares as'
        ' select taxi_type, pickup_zone_id, window_end, trips, total_amount_cents from on_time_fares_15m';
    -- The oldest values of a trip are the stream's: publications keep what they replace.
    execute format(
        'create or replace temporary view our_trips as'
        ' with written as ('
        '     select distinct on (trip_id, dropoff_at) *'
        '     from ('
        '         select * from replaced_trips where %1$s'
        '         union all'
        '         select %2$s, known.* from all_trips as known where on_time is not null and %1$s'
        '     ) as versions'
        '     order by trip_id, dropoff_at, publication'
        ' )'
        ' select written.*, not known.on_time as is_late'
        ' from written'
        ' inner join all_trips as known'
        '     on written.trip_id = known.trip_id and written.dropoff_at = known.dropoff_at'
        ' where known.on_time is not null and known.dropoff_at >= %3$L and known.dropoff_at < %4$L',
        span, 9223372036854775807, begins, ends
    );
end
$$;

-- Compares a month with another set, filled from its file, window by window and trip by trip: the month as it is
-- served, or as the stream wrote it. Windows at the ends of a month also hold trips of the neighbouring months, which
-- are subtracted first, on both sides. A window that differs is explained by the trips that only one side has. Where
-- the stream is compared, only the late trips of both sides explain it, because the windows of the stream lack them.
create or replace function compare_month(
    other_set text, wanted_taxi_type text, wanted_month date, our_side text
)
returns table (
    equal bigint,
    explained bigint,
    unexplained bigint,
    trips_equal bigint,
    trips_changed bigint,
    trips_only_served bigint,
    trips_only_in_run bigint,
    examples text[]
) language plpgsql
set search_path from current
set work_mem = '128MB'
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    begins timestamp := first_dropoff_at(wanted_month);
    ends timestamp := end_of_dropoffs(wanted_month);
begin
    perform look_at_month(other_set, wanted_taxi_type, wanted_month);
    perform look_at_side(
        our_side, wanted_taxi_type, begins - interval '15 minutes', ends + interval '15 minutes'
    );
    execute format('create or replace temporary view other_trips as select * from %I.trips', other_set);
    execute format('create or replace temporary view other_fares as select * from %I.zone_fares_15m', other_set);
    return query
    with ours as (
        select * from our_trips
    ),

    pairs as (
        select
            coalesce(ours.pickup_zone_id, theirs.pickup_zone_id) as pickup_zone_id,
            date_trunc('minute', coalesce(ours.dropoff_at, theirs.dropoff_at)) as dropoff_minute,
            coalesce(ours.total_amount_cents, theirs.total_amount_cents) as total_amount_cents,
            case
                when theirs.trip_id is null then 'only served'
                when ours.trip_id is null then 'only in run'
                when
                    (${ours.trip_values}) is distinct from (${theirs.trip_values}) then 'changed'
                else 'equal'
            end as verdict,
            ours.is_late
        from ours
        full join accepted_trips as theirs
            on ours.trip_id = theirs.trip_id and ours.dropoff_at = theirs.dropoff_at
        where theirs.trip_id is not null or ours.source_month = wanted_month
    ),

    -- The parts of the windows that belong to other months, and the differences by trips that only one side has.
    by_minute as (
        select 'neighbour' as side, pickup_zone_id, date_trunc('minute', dropoff_at) as dropoff_minute,
            count(*) as trips, sum(total_amount_cents)::bigint as total_amount_cents
        from ours
        where source_month <> wanted_month and not is_late
        group by pickup_zone_id, dropoff_minute
        union all
        select 'other neighbour', pickup_zone_id, date_trunc('minute', dropoff_at) as dropoff_minute,
            count(*), sum(total_amount_cents)::bigint
        from other_trips
        where
            taxi_type = wanted_taxi_type and source_month <> wanted_month
            and dropoff_at >= begins - interval '15 minutes' and dropoff_at < ends + interval '15 minutes'
        group by pickup_zone_id, dropoff_minute
        union all
        select verdict, pickup_zone_id, dropoff_minute, count(*), sum(total_amount_cents)::bigint
        from pairs
        where our_side = 'served' and verdict in ('only served', 'only in run')
        group by verdict, pickup_zone_id, dropoff_minute
        union all
        select 'only in run', pickup_zone_id, dropoff_minute, count(*), sum(total_amount_cents)::bigint
        from pairs
        where is_late and verdict in ('equal', 'changed')
        group by pickup_zone_id, dropoff_minute
    ),

    summands as (
        select 'served' as side, pickup_zone_id, window_end, trips, total_amount_cents
        from our_fares
        where taxi_type = wanted_taxi_type and window_end > begins and window_end <= ends + interval '15 minutes'
        union all
        select 'in run', pickup_zone_id, window_end, trips, total_amount_cents
        from other_fares
        where taxi_type = wanted_taxi_type and window_end > begins and window_end <= ends + interval '15 minutes'
        union all
        select side, pickup_zone_id, window_end, trips, total_amount_cents
        from by_minute
        cross join window_ends(dropoff_minute) as window_end
        where window_end > begins and window_end <= ends + interval '15 minutes'
    ),

    sums as (
        select
            pickup_zone_id,
            window_end,
            coalesce(sum(
                case side when 'served' then trips when 'neighbour' then -trips end
            ), 0) as served,
            coalesce(sum(
                case side when 'served' then total_amount_cents when 'neighbour' then -total_amount_cents end
            ), 0) as served_cents,
            coalesce(sum(
                case side when 'in run' then trips when 'other neighbour' then -trips end
            ), 0) as in_run,
            coalesce(sum(
                case side when 'in run' then total_amount_cents when 'other neighbour' then -total_amount_cents end
            ), 0) as in_run_cents,
            coalesce(sum(
                case side when 'only served' then trips when 'only in run' then -trips end
            ), 0) as surplus,
            coalesce(sum(
                case side when 'only served' then total_amount_cents when 'only in run' then -total_amount_cents end
            ), 0) as surplus_cents
        from summands
        group by pickup_zone_id, window_end
    ),

    windows as (
        select
            pickup_zone_id,
            window_end,
            served,
            served_cents,
            in_run,
            in_run_cents,
            case
                when (served, served_cents) = (in_run, in_run_cents) then 'equal'
                when (served - in_run, served_cents - in_run_cents) = (surplus, surplus_cents) then 'explained'
                else 'unexplained'
            end as verdict
        from sums
        where (served, served_cents, in_run, in_run_cents) <> (0, 0, 0, 0)
    )

    select
        (select count(*) from windows where verdict = 'equal'),
        (select count(*) from windows where verdict = 'explained'),
        (select count(*) from windows where verdict = 'unexplained'),
        (select count(*) from pairs where verdict = 'equal'),
        (select count(*) from pairs where verdict = 'changed'),
        (select count(*) from pairs where verdict = 'only served'),
        (select count(*) from pairs where verdict = 'only in run'),
        array(
            select
                format(
                    'zone %s, window to %s: %s trips of %s cents here, %s of %s there',
                    pickup_zone_id, window_end, served, served_cents, in_run, in_run_cents
                )
            from windows
            where verdict = 'unexplained'
            order by window_end, pickup_zone_id
            limit 5
        );
end
$$;
