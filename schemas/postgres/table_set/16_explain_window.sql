-- Where a window comes from: its trips, and what was kept out of it.

-- The trips with a drop-off in the window: those that count (part trip), and those that a publication withdrew.
create or replace function explain_trips_of_window(wanted_taxi_type text, zone integer, wanted_end timestamp)
returns table (part text, says text, trips bigint, total_amount_cents bigint, trip_id uuid, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    select
        case when known.withdrawn_by is null then 'trip' else 'withdrawn' end,
        format(
            '%s ended %s, %s, %s, from %s',
            known.trip_id, clock_text(known.dropoff_at), dollars_text(known.total_amount_cents),
            case
                when known.withdrawn_by is not null then
                    format('withdrawn: the file of run %s does not contain it', withdrawing.run)
                when known.on_time then 'on time'
                when not known.on_time then format(
                    'late: arrived %s after it ended, as %s/%s/%s', late.arrived_at - known.dropoff_at, late.topic,
                    late.partition, late.kafka_offset
                )
                else format('added by run %s: the stream has not brought it', adding.run)
            end,
            known.source_file
        ) || case
            when known.withdrawn_by is null and changing.run is not null
                then format('; its details are those of run %s', changing.run)
            else ''
        end,
        case when known.withdrawn_by is null then 1 else 0 end,
        case when known.withdrawn_by is null then known.total_amount_cents else 0 end,
        known.trip_id,
        jsonb_strip_nulls(jsonb_build_object(
            'counted', case
                when known.withdrawn_by is not null then 'withdrawn'
                when known.on_time then 'on_time'
                when not known.on_time then 'late'
                else 'published'
            end,
            'pickup_at', known.pickup_at, 'dropoff_at', known.dropoff_at,
            'total_amount_cents', known.total_amount_cents,
            'source_file', known.source_file, 'source_month', known.source_month,
            'arrived_at', late.arrived_at, 'topic', late.topic, 'partition', late.partition,
            'kafka_offset', late.kafka_offset,
            'withdrawn_by_run', withdrawing.run,
            'added_by_run', case when known.on_time is null then adding.run end,
            'changed_by_run', changing.run
        ))
    from all_trips as known
    left join lateral (
        select * from late_arrivals as arrivals
        where arrivals.trip_id = known.trip_id and not known.on_time
        order by arrivals.arrived_at, arrivals.topic, arrivals.partition, arrivals.kafka_offset
        limit 1
    ) as late on true
    left join publications as withdrawing on known.withdrawn_by = withdrawing.publication
    left join publications as adding on known.published_by = adding.publication
    left join lateral (
        select published.run
        from publications as published
        inner join replaced_trips as replaced on published.publication = replaced.publication
        where
            published.taxi_type = known.taxi_type and replaced.trip_id = known.trip_id
            and replaced.dropoff_at = known.dropoff_at
        order by published.publication desc
        limit 1
    ) as changing on true
    where
        known.taxi_type = wanted_taxi_type and known.pickup_zone_id = zone
        and known.dropoff_at >= wanted_end - interval '15 minutes' and known.dropoff_at < wanted_end
    order by known.withdrawn_by is not null, known.dropoff_at, known.trip_id
$$;

-- The trips that break a rule: of a published month those of its file, else those of the stream, as in
-- quarantined_trips, which would look at all of them. A trip without a drop-off stands where it began.
create or replace function quarantined_in_window(wanted_taxi_type text, zone integer, wanted_end timestamp)
returns table (
    trip_id uuid, rules text[], source_file text, source_month date, pickup_at timestamp, dropoff_at timestamp,
    total_amount_cents bigint, run text, arrived_at timestamp, topic text, partition integer, kafka_offset bigint,
    arrivals bigint
) language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    select distinct on (arrivals.trip_id)
        arrivals.trip_id, arrivals.rules, arrivals.source_file, arrivals.source_month, arrivals.pickup_at,
        arrivals.dropoff_at, arrivals.total_amount_cents, null, arrivals.arrived_at, arrivals.topic,
        arrivals.partition, arrivals.kafka_offset, count(*) over (partition by arrivals.trip_id)
    from quarantined_arrivals as arrivals
    where
        arrivals.taxi_type = wanted_taxi_type and arrivals.pickup_zone_id = zone
        and (
            arrivals.dropoff_at >= wanted_end - interval '15 minutes' and arrivals.dropoff_at < wanted_end
            or arrivals.dropoff_at is null
            and arrivals.pickup_at >= wanted_end - interval '15 minutes' and arrivals.pickup_at < wanted_end
        )
        and not exists (
            select from publications
            where
                publications.taxi_type = arrivals.taxi_type and publications.source_month = arrivals.source_month
        )
    order by
        arrivals.trip_id, arrivals.arrived_at, arrivals.topic, arrivals.partition, arrivals.kafka_offset
$$;

create or replace function published_quarantined_in_window(
    wanted_taxi_type text, zone integer, wanted_end timestamp
)
returns table (
    trip_id uuid, rules text[], source_file text, source_month date, pickup_at timestamp, dropoff_at timestamp,
    total_amount_cents bigint, run text, arrived_at timestamp, topic text, partition integer, kafka_offset bigint,
    arrivals bigint
) language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    select
        refused.trip_id, refused.rules, refused.source_file, refused.source_month, refused.pickup_at,
        refused.dropoff_at, refused.total_amount_cents, published.run, null::timestamp, null, null::integer,
        null::bigint, 1::bigint
    from published_quarantined_trips as refused
    inner join current_publications as published on refused.publication = published.publication
    where
        refused.taxi_type = wanted_taxi_type and refused.pickup_zone_id = zone
        and (
            refused.dropoff_at >= wanted_end - interval '15 minutes' and refused.dropoff_at < wanted_end
            or refused.dropoff_at is null
            and refused.pickup_at >= wanted_end - interval '15 minutes' and refused.pickup_at < wanted_end
        )
$$;

create or replace function explain_quarantine_of_window(
    wanted_taxi_type text, zone integer, wanted_end timestamp
)
returns table (part text, says text, trip_id uuid, details jsonb)
language sql stable set search_path from current as $$
    select
        'quarantined',
        format(
            '%s ended %s, %s, breaks %s, from %s%s', found.trip_id,
            coalesce(clock_text(found.dropoff_at), 'at no known time'),
            coalesce(dollars_text(found.total_amount_cents), 'no total'),
            array_to_string(found.rules, ' and '), found.source_file,
            case
                when found.run is not null then format(', by run %s', found.run)
                else format(', as %s/%s/%s', found.topic, found.partition, found.kafka_offset)
            end
        ) || case when twin.trip_id is null then '' else format('; refund of %s, which counts', twin.trip_id) end
        || case when found.arrivals = 1 then '' else format('; arrived %s times', found.arrivals) end,
        found.trip_id,
        jsonb_strip_nulls(to_jsonb(found) - 'trip_id' || jsonb_build_object('refund_of', twin.trip_id))
    from (
        select * from quarantined_in_window(wanted_taxi_type, zone, wanted_end)
        union all
        select * from published_quarantined_in_window(wanted_taxi_type, zone, wanted_end)
    ) as found
    left join lateral (
        select refunded as trip_id
        from refunded_trips(
            wanted_taxi_type, zone, found.pickup_at, found.dropoff_at, found.total_amount_cents
        ) as refunded
        limit 1
    ) as twin on true
    order by found.dropoff_at, found.trip_id
$$;

create or replace function explain_dead_letters_of_window(
    wanted_taxi_type text, zone integer, wanted_end timestamp
)
returns table (part text, says text, trip_id uuid, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    (
        select
            'dead_letter',
            format('Postgres refused a row of %s: %s', refused.table_name, refused.error),
            -- It may be the value that was refused.
            case
                when refused.contents ->> 'trip_id' ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
                    then (refused.contents ->> 'trip_id')::uuid
            end,
            jsonb_build_object('table', refused.table_name, 'error', refused.error, 'row', refused.contents)
        from refused_rows() as refused
        where
            refused.contents ->> 'taxi_type' = wanted_taxi_type
            and refused.contents ->> 'pickup_zone_id' = zone::text
            and case refused.table_name
                when 'on_time_windows' then written_clock(refused.contents ->> 'window_end') = wanted_end
                else
                    written_clock(refused.contents ->> 'dropoff_at') >= wanted_end - interval '15 minutes'
                    and written_clock(refused.contents ->> 'dropoff_at') < wanted_end
            end
        order by refused.table_name desc, refused.contents ->> 'trip_id'
    )
    union all
    select
        'dead_letter',
        format(
            '%s that cannot be decoded arrived in these 15 minutes: their zones are unknown;'
            ' ./taxi dead-letters list shows them', count_text(count(*), 'record')
        ),
        null,
        jsonb_build_object('records', count(*))
    from dead_letters
    where
        error_class <> 'refused_by_sink'
        and arrived_at >= wanted_end - interval '15 minutes' and arrived_at < wanted_end
    having count(*) > 0
$$;

create or replace function explain_window(wanted_taxi_type text, zone integer, wanted_end timestamp)
returns table (part text, says text, trips bigint, total_amount_cents bigint, trip_id uuid, details jsonb)
language plpgsql stable set search_path from current set plan_cache_mode = 'force_custom_plan' rows 50 as $$
#variable_conflict use_column
declare
    its_type text := refuse_unserved_window(wanted_taxi_type, zone, wanted_end);
    its_trips uuid[];
    its_months date[];
begin
    select array_agg(trip_id), array_agg(distinct source_month) into its_trips, its_months
    from all_trips
    where
        taxi_type = its_type and pickup_zone_id = zone
        and dropoff_at >= wanted_end - interval '15 minutes' and dropoff_at < wanted_end;
    its_months := coalesce(its_months, array[date_trunc('month', wanted_end - interval '15 minutes')::date]);
    return query
        select part, says, trips, total_amount_cents, null::uuid, details
        from explain_sums(its_type, zone, wanted_end);
    return query select * from explain_trips_of_window(its_type, zone, wanted_end);
    return query
        select part, says, 0::bigint, 0::bigint, trip_id, details
        from explain_quarantine_of_window(its_type, zone, wanted_end);
    return query select part, says, 0::bigint, 0::bigint, trip_id, details
        from explain_copies(its_trips, wanted_end - interval '15 minutes', wanted_end);
    return query
        select part, says, 0::bigint, 0::bigint, trip_id, details
        from explain_dead_letters_of_window(its_type, zone, wanted_end);
    return query
        select part, says, null::bigint, null::bigint, null::uuid, details
        from (
            select xmin, 'the on-time window was written'
            from on_time_windows
            where taxi_type = its_type and pickup_zone_id = zone and window_end = wanted_end
            union all
            select xmin, 'late trips were added'
            from late_fares_15m
            where taxi_type = its_type and pickup_zone_id = zone and window_end = wanted_end
        ) as written (transaction_id, what)
        cross join lateral explain_release(written.transaction_id, written.what);
    return query
        select part, says, null::bigint, null::bigint, null::uuid, details
        from explain_months(its_type, its_months);
end
$$;
