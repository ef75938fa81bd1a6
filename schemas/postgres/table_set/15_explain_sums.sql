-- What a window adds up to; first, the questions that have no answer.

-- The end of the newest closed window: as in zone_fares_now, but null where the stream has closed none.
create or replace function closed_until(wanted_taxi_type text)
returns timestamp language sql stable set search_path from current as $$
    select max(newest.window_end)
    from taxi.zones
    cross join lateral (
        select max(fares.window_end) as window_end
        from on_time_fares_15m as fares
        where fares.taxi_type = wanted_taxi_type and fares.pickup_zone_id = zones.zone_id
    ) as newest
$$;

-- Raises an error for a question without an answer; returns the taxi type, which a null leaves open.
create or replace function refuse_unserved_window(wanted_taxi_type text, zone integer, wanted_end timestamp)
returns text language plpgsql stable set search_path from current as $$
declare
    known text[] := array['yellow', 'green', 'fhvhv'];
    month timestamp := date_trunc('month', wanted_end - interval '15 minutes');
    found text[];
    closed timestamp;
    served text;
begin
    if wanted_taxi_type is not null and wanted_taxi_type <> all(known) then
        raise exception 'there is no taxi type %', wanted_taxi_type
        using errcode = 'invalid_parameter_value', hint = 'there is: ' || array_to_string(known, ', ');
    end if;
    if zone is null or not exists (select from taxi.zones where zone_id = zone) then
        raise exception 'there is no taxi zone %', coalesce(zone::text, 'null')
        using errcode = 'invalid_parameter_value', hint = 'zones are numbers from 1 to 265: taxi.zones names them';
    end if;
    if wanted_end is null or not isfinite(wanted_end) or wanted_end <> date_trunc('minute', wanted_end) then
        raise exception 'no window ends at %: windows end on a minute', coalesce(wanted_end::text, 'null')
        using errcode = 'invalid_parameter_value',
            hint = 'give the END of a window, as 2023-12-24 18:15 for 18:00 to 18:15';
    end if;
    found := array(
        select taxi_type from zone_fares_15m
        where taxi_type = any(known) and pickup_zone_id = zone and window_end = wanted_end
        order by array_position(known, taxi_type)
    );
    if wanted_taxi_type is null and cardinality(found) <> 1 then
        raise exception '% in zone % in the window that ends at %',
            case when found = '{}' then 'no taxi type has trips'
            else array_to_string(found, ' and ') || ' have trips' end,
            zone, minute_text(wanted_end)
        using errcode = case when found = '{}' then 'no_data_found' else 'invalid_parameter_value' end,
            hint = 'name one taxi type: ' || array_to_string(known, ', ');
    end if;
    wanted_taxi_type := coalesce(wanted_taxi_type, found[1]);
    if wanted_taxi_type = any(found) or exists (
        select from publications where taxi_type = wanted_taxi_type and source_month = month
    ) then
        return wanted_taxi_type;
    end if;
    closed := closed_until(wanted_taxi_type);
    if closed < wanted_end and date_trunc('month', closed) >= month - interval '1 month' then
        raise exception 'the window has not closed yet: the newest closed window of % ends at %',
            wanted_taxi_type, minute_text(closed)
        using errcode = 'no_data_found', hint = 'ask again when the clock of the trips has passed it';
    end if;
    if not exists (
        select from on_time_fares_15m
        where
            taxi_type = wanted_taxi_type and extract(minute from window_end)::integer % 15 = 0
            and window_start >= month and window_start < month + interval '1 month'
        union all
        select from late_fares_15m
        where
            taxi_type = wanted_taxi_type and extract(minute from window_end)::integer % 15 = 0
            and window_start >= month and window_start < month + interval '1 month'
    ) then
        select string_agg(distinct to_char(months.month, 'YYYY-MM'), ', ') into served
        from (
            select min(window_start) as month
            from on_time_fares_15m
            where taxi_type = wanted_taxi_type and extract(minute from window_end)::integer % 15 = 0
            union all
            select closed
            union all
            select source_month from publications where taxi_type = wanted_taxi_type
        ) as months;
        raise exception 'no % trips of % are served', wanted_taxi_type, to_char(month, 'YYYY-MM')
        using errcode = 'no_data_found',
            hint = coalesce('the first, the newest and the published months are: ' || served, 'none is served yet');
    end if;
    return wanted_taxi_type;
end
$$;

-- served = on_time + late + published. And what the stored trips add up to, where that differs: a window whose trips
-- are stored already, and that the job is about to write.
create or replace function explain_sums(wanted_taxi_type text, zone integer, wanted_end timestamp)
returns table (part text, says text, trips bigint, total_amount_cents bigint, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    with parts as (
        select
            kinds.part,
            kinds.text,
            coalesce(fares.trips, 0) as trips,
            coalesce(fares.total_amount_cents, 0) as cents
        from (
            values
            ('on_time', 'on time, by the windows of the job'),
            ('late', 'late, added when they came'),
            ('published', 'by what published months have added and withdrawn')
        ) as kinds (part, text)
        left join (
            select 'on_time' as part, on_time.trips, on_time.total_amount_cents
            from on_time_fares_15m as on_time
            where taxi_type = wanted_taxi_type and pickup_zone_id = zone and window_end = wanted_end
            union all
            select 'late', late.trips, late.total_amount_cents
            from late_fares_15m as late
            where taxi_type = wanted_taxi_type and pickup_zone_id = zone and window_end = wanted_end
            union all
            select 'published', published.trips, published.total_amount_cents
            from published_fares_15m as published
            where taxi_type = wanted_taxi_type and pickup_zone_id = zone and window_end = wanted_end
        ) as fares using (part)
    ),

    served as (
        select
            coalesce(sum(fares.trips), 0)::bigint as trips,
            coalesce(sum(fares.total_amount_cents), 0)::bigint as cents,
            min(fares.avg_total_amount) as average
        from zone_fares_15m as fares
        where taxi_type = wanted_taxi_type and pickup_zone_id = zone and window_end = wanted_end
    ),

    stored as (
        select count(*) as trips, coalesce(sum(all_trips.total_amount_cents), 0)::bigint as cents
        from all_trips
        where
            taxi_type = wanted_taxi_type and pickup_zone_id = zone and withdrawn_by is null
            and dropoff_at >= wanted_end - interval '15 minutes' and dropoff_at < wanted_end
    ),

    clock as (
        select coalesce(closed_until(wanted_taxi_type) < wanted_end, true) and served.trips > 0
            and not exists (
                select from publications
                where
                    taxi_type = wanted_taxi_type
                    and source_month = date_trunc('month', wanted_end - interval '15 minutes')
            ) as is_open
        from served
    )

    select
        'served',
        format(
            '%s, zone %s (%s, %s), %s to %s: %s',
            wanted_taxi_type, zone, zones.zone_name, zones.borough,
            minute_text(wanted_end - interval '15 minutes'), minute_text(wanted_end),
            case
                when served.trips = 0 then 'no trip counts, so no row is served'
                else format(
                    '%s, %s, average $%s', count_text(served.trips, 'trip'), dollars_text(served.cents), served.average
                )
            end
        ) || case when clock.is_open then '; the window is still open' else '' end,
        served.trips,
        served.cents,
        jsonb_build_object(
            'taxi_type', wanted_taxi_type, 'zone', zone, 'zone_name', zones.zone_name, 'borough', zones.borough,
            'window_start', wanted_end - interval '15 minutes', 'window_end', wanted_end,
            'avg_total_amount', served.average, 'is_open', clock.is_open
        )
    from served
    cross join clock
    inner join taxi.zones on zones.zone_id = zone
    union all
    select part, format('%s, %s: %s', count_text(trips, 'trip'), dollars_text(cents), text), trips, cents, '{}'
    from parts
    union all
    select
        'difference',
        format(
            'the stored trips are %s, %s: the job has not written the window yet, or a trip is missing;'
            ' ./taxi audit tells which',
            count_text(stored.trips, 'trip'), dollars_text(stored.cents)
        ),
        stored.trips - served.trips,
        stored.cents - served.cents,
        '{}'
    from stored
    cross join served
    where (stored.trips, stored.cents) <> (served.trips, served.cents)
$$;
