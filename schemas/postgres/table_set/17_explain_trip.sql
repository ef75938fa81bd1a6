-- Where a trip went.

-- The fifteen windows of a trip, in words.
create or replace function windows_text(dropoff_at timestamp)
returns text language sql immutable parallel safe
return format(
    'the 15 windows that end from %s to %s', minute_text(date_trunc('minute', dropoff_at) + interval '1 minute'),
    to_char(date_trunc('minute', dropoff_at) + interval '15 minutes', 'HH24:MI')
);

-- What a publication changed in a trip: per column the value before and after.
create or replace function changes_of_trip(trip_before jsonb, trip_after jsonb)
returns jsonb language sql immutable parallel safe as $$
    select coalesce(
        jsonb_object_agg(fields.key, jsonb_build_array(fields.value, trip_after -> fields.key)), '{}'
    )
    from jsonb_each(trip_before - '{publication,on_time,withdrawn_by,published_by}'::text[]) as fields
    where fields.value is distinct from trip_after -> fields.key
$$;

-- Each version of a trip that a publication replaced, with the version that followed.
create or replace function explain_replaced_trip(id uuid, ended_at timestamp)
returns table (part text, says text, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    with versions as (
        select published.run, published.published_at, replaced.publication, to_jsonb(replaced) as contents
        from publications as published
        inner join replaced_trips as replaced on published.publication = replaced.publication
        where replaced.trip_id = id
    ),

    changes as (
        select
            versions.*,
            changes_of_trip(
                versions.contents,
                coalesce(
                    lead(versions.contents) over (order by versions.publication),
                    (
                        select to_jsonb(known)
                        from all_trips as known
                        where known.trip_id = id and known.dropoff_at = ended_at
                    ),
                    versions.contents
                )
            ) as changed
        from versions
    )

    select
        'published_over',
        format(
            'run %s published over it on %s: %s', run, to_char(published_at, 'YYYY-MM-DD HH24:MI TZ'),
            (
                select string_agg(
                    format('%s was %s, is %s', key, coalesce(value ->> 0, 'empty'), coalesce(value ->> 1, 'empty')),
                    '; ' order by key
                )
                from jsonb_each(changed)
            )
        ),
        jsonb_build_object('run', run, 'published_at', published_at, 'changed', changed, 'before', contents)
    from changes
    where changed <> '{}'
    order by publication
$$;

-- Where an accepted trip counts.
create or replace function explain_accepted_trip(id uuid, ended_at timestamp)
returns table (part text, says text, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    select
        'trip',
        format(
            '%s from zone %s (%s, %s), %s to %s, %s, from %s', known.taxi_type, known.pickup_zone_id,
            zones.zone_name, zones.borough, clock_text(known.pickup_at), clock_text(known.dropoff_at),
            dollars_text(known.total_amount_cents), known.source_file
        ),
        to_jsonb(known) - '{withdrawn_by,published_by,on_time}'::text[]
    from all_trips as known
    left join taxi.zones on known.pickup_zone_id = zones.zone_id
    where known.trip_id = id and known.dropoff_at = ended_at
    union all
    select
        case when known.on_time then 'on_time' else 'late' end,
        case
            when known.on_time then 'came on time: ' else format(
                'came %s after it ended, as %s/%s/%s, after its minute had closed: late; ',
                late.arrived_at - known.dropoff_at, late.topic, late.partition, late.kafka_offset
            )
        end || 'counted in ' || windows_text(known.dropoff_at)
        || case when known.withdrawn_by is null then '' else ' until it was withdrawn' end,
        jsonb_strip_nulls(jsonb_build_object(
            'first_window_end', date_trunc('minute', known.dropoff_at) + interval '1 minute',
            'last_window_end', date_trunc('minute', known.dropoff_at) + interval '15 minutes',
            'arrived_at', late.arrived_at, 'topic', late.topic, 'partition', late.partition,
            'kafka_offset', late.kafka_offset
        ))
    from all_trips as known
    left join lateral (
        select * from late_arrivals as arrivals
        where arrivals.trip_id = known.trip_id and not known.on_time
        order by arrivals.arrived_at, arrivals.topic, arrivals.partition, arrivals.kafka_offset
        limit 1
    ) as late on true
    where known.trip_id = id and known.dropoff_at = ended_at and known.on_time is not null
    union all
    select
        'published',
        format('the stream has not brought it: run %s added it to %s', adding.run, windows_text(known.dropoff_at)),
        jsonb_build_object(
            'run', adding.run, 'published_at', adding.published_at,
            'first_window_end', date_trunc('minute', known.dropoff_at) + interval '1 minute',
            'last_window_end', date_trunc('minute', known.dropoff_at) + interval '15 minutes'
        )
    from all_trips as known
    left join publications as adding on known.published_by = adding.publication
    where known.trip_id = id and known.dropoff_at = ended_at and known.on_time is null
    union all
    select
        'withdrawn',
        format(
            'counts no more: run %s published %s on %s, and its file does not contain this trip', published.run,
            to_char(published.source_month, 'YYYY-MM'), to_char(published.published_at, 'YYYY-MM-DD HH24:MI TZ')
        ),
        jsonb_build_object('run', published.run, 'published_at', published.published_at)
    from all_trips as known
    inner join publications as published on known.withdrawn_by = published.publication
    where known.trip_id = id and known.dropoff_at = ended_at
    union all
    select
        'removed',
        format(
            'an earlier publication had added it; run %s published %s on %s, and its file does not contain it',
            published.run, to_char(published.source_month, 'YYYY-MM'),
            to_char(published.published_at, 'YYYY-MM-DD HH24:MI TZ')
        ),
        jsonb_build_object('run', published.run, 'published_at', published.published_at)
    from publications as published
    inner join replaced_trips as replaced on published.publication = replaced.publication
    where
        replaced.trip_id = id and replaced.on_time is null
        and not exists (select from all_trips as known where known.trip_id = id and known.dropoff_at = ended_at)
        and not exists (
            select from publications as later
            inner join replaced_trips as older on later.publication = older.publication
            where older.trip_id = id and later.publication > published.publication
        )
$$;

create or replace function explain_quarantined_trip(id uuid)
returns table (part text, says text, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    with arrivals as (
        select
            found.*,
            row_number() over (order by arrived_at, topic, partition, kafka_offset) as place
        from quarantined_arrivals as found
        where trip_id = id
    )

    select
        case place when 1 then 'quarantined' else 'duplicate' end,
        case place
            when 1 then format(
                'breaks %s, so it is in no window: %s to %s, %s, from %s, as %s/%s/%s', array_to_string(rules, ' and '),
                coalesce(clock_text(pickup_at), 'no known time'), coalesce(clock_text(dropoff_at), 'no known time'),
                coalesce(dollars_text(total_amount_cents), 'no total'), source_file, topic, partition, kafka_offset
            )
            else format('came again, as %s/%s/%s, from %s', topic, partition, kafka_offset, source_file)
        end,
        jsonb_strip_nulls(to_jsonb(arrivals) - '{trip_id,place}'::text[])
    from arrivals
    union all
    select
        'quarantined',
        format(
            'breaks %s in the file of run %s (%s), so that publication counts it in no window',
            array_to_string(refused.rules, ' and '), published.run, refused.source_file
        ),
        jsonb_strip_nulls(
            to_jsonb(refused) - '{trip_id,publication}'::text[] || jsonb_build_object('run', published.run)
        )
    from current_publications as published
    inner join published_quarantined_trips as refused on published.publication = refused.publication
    where refused.trip_id = id
$$;

-- The other half of a charge and its refund.
create or replace function explain_twins(id uuid, ended_at timestamp)
returns table (part text, says text, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    select distinct
        'twin',
        format(
            'the same ride stands with %s as %s, quarantined: a refund', dollars_text(-known.total_amount_cents),
            refused.trip_id
        ),
        jsonb_build_object('trip_id', refused.trip_id, 'total_amount_cents', -known.total_amount_cents)
    from all_trips as known
    cross join lateral (
        select trip_id, taxi_type, pickup_at, total_amount_cents
        from quarantined_arrivals
        where pickup_zone_id = known.pickup_zone_id and dropoff_at = known.dropoff_at
        union all
        select trip_id, taxi_type, pickup_at, total_amount_cents
        from published_quarantined_trips
        where pickup_zone_id = known.pickup_zone_id and dropoff_at = known.dropoff_at
    ) as refused
    where
        known.trip_id = id and known.dropoff_at = ended_at
        and refused.taxi_type = known.taxi_type and refused.pickup_at = known.pickup_at
        and refused.total_amount_cents = -known.total_amount_cents
    union all
    select
        'twin',
        format(
            'it refunds %s, %s, which was accepted', twin, dollars_text(-refused.total_amount_cents)
        ),
        jsonb_build_object('trip_id', twin, 'total_amount_cents', -refused.total_amount_cents)
    from (
        select taxi_type, pickup_zone_id, pickup_at, dropoff_at, total_amount_cents
        from quarantined_arrivals
        where trip_id = id
        union
        select refused.taxi_type, pickup_zone_id, pickup_at, dropoff_at, total_amount_cents
        from publications
        inner join published_quarantined_trips as refused using (publication)
        where trip_id = id
    ) as refused
    cross join lateral refunded_trips(
        refused.taxi_type, refused.pickup_zone_id, refused.pickup_at, refused.dropoff_at, refused.total_amount_cents
    ) as twin
$$;

create or replace function explain_trip(id uuid)
returns table (part text, says text, details jsonb)
language plpgsql stable set search_path from current set plan_cache_mode = 'force_custom_plan' rows 10 as $$
#variable_conflict use_column
declare
    its_type text;
    its_months date[];
    -- Its partition: without it, Postgres plans for all of them.
    ended_at timestamp := (select dropoff_at from all_trips where trip_id = id);
    written_by xid;
    is_known boolean;
begin
    return query select * from explain_accepted_trip(id, ended_at);
    is_known := found;
    return query select * from explain_replaced_trip(id, ended_at);
    is_known := is_known or found;
    return query select * from explain_quarantined_trip(id);
    is_known := is_known or found;
    return query select part, says, details from explain_copies(array[id], ended_at, ended_at);
    is_known := is_known or found;
    return query select * from explain_twins(id, ended_at);
    return query
        select
            'dead_letter',
            format('Postgres refused its row of %s: %s', refused.table_name, refused.error),
            jsonb_build_object('table', refused.table_name, 'error', refused.error, 'row', refused.contents)
        from refused_rows() as refused
        where refused.contents ->> 'trip_id' = id::text;
    is_known := is_known or found;
    if not is_known then
        return query
            select
                'never_seen',
                format(
                    'no trip %s was ever seen: neither accepted, nor quarantined, nor in a published file.'
                    ' A record that cannot be decoded has no id: ./taxi dead-letters list', id
                ),
                '{}'::jsonb;
        return;
    end if;
    -- A publication writes the row again, so it no longer tells which release wrote it.
    select xmin into written_by
    from all_trips
    where
        trip_id = id and dropoff_at = ended_at
        and on_time is not null and withdrawn_by is null and published_by is null
        and not exists (
            select from publications inner join replaced_trips using (publication) where trip_id = id
        );
    if written_by is null then
        select xmin into written_by
        from quarantined_arrivals
        where trip_id = id
        order by arrived_at, topic, partition, kafka_offset
        limit 1;
    end if;
    if written_by is not null then
        return query select * from explain_release(written_by, 'written');
    end if;
    select min(taxi_type), array_agg(distinct source_month) into its_type, its_months
    from (
        select taxi_type, source_month from all_trips where trip_id = id and dropoff_at = ended_at
        union all
        select taxi_type, source_month from quarantined_arrivals where trip_id = id
        union all
        select refused.taxi_type, refused.source_month
        from publications
        inner join published_quarantined_trips as refused using (publication)
        where refused.trip_id = id
        union all
        select replaced.taxi_type, replaced.source_month
        from publications
        inner join replaced_trips as replaced using (publication)
        where replaced.trip_id = id
    ) as places;
    return query select * from explain_months(its_type, its_months);
end
$$;
