-- Where a number comes from. Users call taxi.explain_window and taxi.explain_trip, which call these in the served set.
-- Each part is a row: a sentence for people, and details for programs.

create index if not exists quarantined_arrivals_zone on quarantined_arrivals (pickup_zone_id, dropoff_at);
create index if not exists published_quarantined_trips_zone
on published_quarantined_trips (pickup_zone_id, dropoff_at);
create index if not exists dead_letters_arrived_at on dead_letters (arrived_at);
create index if not exists dead_letters_refused on dead_letters (topic) where error_class = 'refused_by_sink';

create or replace function dollars_text(cents bigint)
returns text language sql immutable parallel safe
return case when cents < 0 then '-' else '' end || '$' || to_char(abs(cents) / 100.0, 'FM999,999,999,990.00');

create or replace function count_text(count bigint, noun text)
returns text language sql immutable parallel safe
return to_char(count, 'FM999,999,999,990') || ' ' || noun || case when abs(count) = 1 then '' else 's' end;

create or replace function clock_text(clock timestamp)
returns text language sql immutable parallel safe
return to_char(clock, 'YYYY-MM-DD HH24:MI:SS');

create or replace function minute_text(clock timestamp)
returns text language sql immutable parallel safe
return to_char(clock, 'YYYY-MM-DD HH24:MI');

-- The newest run of a job that began before a row was written. Of a database that was restored from a dump it knows
-- none: there the rows have other transactions.
create or replace function run_that_wrote(written_by xid)
returns setof taxi.job_runs language sql stable set search_path from current as $$
    select *
    from taxi.job_runs
    where table_set = current_schema() and age(first_transaction::xid) >= age(written_by)
    order by first_transaction desc
    limit 1
$$;

create or replace function explain_release(written_by xid, what text)
returns table (part text, says text, details jsonb) language sql stable set search_path from current as $$
    select
        'release',
        case
            when runs.job_id is null then
                what
                || ' by a release that is not recorded: it started before releases were, or the tables were restored'
            else format(
                '%s by release %s of %s%s, trip schema version %s, run %s since %s',
                what, runs.release, runs.job, coalesce(' (commit ' || nullif(runs.source_commit, '') || ')', ''),
                runs.schema_version, runs.job_id, to_char(runs.started_at, 'YYYY-MM-DD HH24:MI TZ')
            )
        end,
        case when runs.job_id is not null then to_jsonb(runs) - 'first_transaction' else '{}' end
    from (select) as always
    left join run_that_wrote(written_by) as runs on true
$$;

-- The runs that replaced these months, and the newest comparison of each kind.
create or replace function explain_months(wanted_taxi_type text, months date[])
returns table (part text, says text, details jsonb) language sql stable set search_path from current as $$
    with comparisons as (
        select distinct on (reports.month, reports.beside)
            reports.*,
            published.run is not distinct from reports.run and reports.beside = 'served' as is_published,
            -- What the late ledger explains is right; what only one of two served months has is not.
            reports.unexplained = 0 and (reports.beside = 'stream' or reports.explained = 0) as is_equal
        from taxi.parity_reports as reports
        left join current_publications as published
            on
                reports.taxi_type = published.taxi_type
                and reports.month = to_char(published.source_month, 'YYYY-MM')
        where
            reports.taxi_type = wanted_taxi_type
            and reports.month in (select to_char(month, 'YYYY-MM') from unnest(months) as month)
        order by reports.month, reports.beside, reports.report desc
    )

    select
        'publication',
        format(
            '%s %s was replaced by run %s%s on %s: %s added, %s withdrawn, %s changed%s',
            published.taxi_type, to_char(published.source_month, 'YYYY-MM'), published.run,
            coalesce(' (' || initcap(runs.engine) || ')', ''), to_char(published.published_at, 'YYYY-MM-DD HH24:MI TZ'),
            published.added, published.withdrawn, published.changed, coalesce(', from ' || runs.source_file, '')
        ),
        jsonb_strip_nulls(jsonb_build_object(
            'run', published.run, 'engine', runs.engine, 'month', to_char(published.source_month, 'YYYY-MM'),
            'published_at', published.published_at, 'added', published.added, 'withdrawn', published.withdrawn,
            'changed', published.changed, 'source_file', runs.source_file, 'source_content', runs.source_content
        ))
    from current_publications as published
    left join taxi.backfill_runs as runs
        on
            published.run = runs.run and published.taxi_type = runs.taxi_type
            and runs.month = to_char(published.source_month, 'YYYY-MM')
    where published.taxi_type = wanted_taxi_type and published.source_month = any(months)
    union all
    select
        'parity',
        format(
            '%s run %s compared %s %s with %s on %s: %s, %s explained, %s unexplained; %s',
            initcap(engine), run, taxi_type, month,
            case beside when 'stream' then 'the rows of the stream' else 'the rows that were served then' end,
            to_char(compared_at, 'YYYY-MM-DD HH24:MI TZ'), count_text(equal, 'window') || ' equal',
            to_char(explained, 'FM999,999,990'), to_char(unexplained, 'FM999,999,990'),
            case
                when is_published then 'then it replaced them'
                when is_equal then 'it confirms them'
                else 'it does NOT confirm them'
            end
        ),
        jsonb_build_object(
            'run', run, 'engine', engine, 'month', month, 'beside', beside, 'compared_at', compared_at,
            'equal', equal, 'explained', explained, 'unexplained', unexplained,
            'confirms', is_published or is_equal
        )
    from comparisons
    union all
    select
        'parity',
        format(
            'no run has been compared with %1$s %2$s yet: ./taxi parity --taxi-type %1$s --month %2$s',
            wanted_taxi_type, to_char(month, 'YYYY-MM')
        ),
        jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'confirms', null)
    from unnest(months) as month
    where to_char(month, 'YYYY-MM') not in (select comparisons.month from comparisons)
$$;

-- The accepted trips that a quarantined trip refunds or voids: the same ride with the opposite amount.
create or replace function refunded_trips(
    wanted_taxi_type text, zone integer, began_at timestamp, ended_at timestamp, cents bigint
)
returns setof uuid language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    select trip_id
    from all_trips
    where
        taxi_type = wanted_taxi_type and pickup_zone_id = zone and pickup_at = began_at and dropoff_at = ended_at
        and cents < 0 and total_amount_cents = -cents
    order by trip_id
$$;

-- Rows of the job that Postgres refused, as JSON.
create or replace function refused_rows()
returns table (table_name text, error text, contents jsonb)
language sql stable set search_path from current as $$
    select topic, error, convert_from(payload, 'UTF8')::jsonb
    from dead_letters
    where error_class = 'refused_by_sink'
$$;

-- Copies that were not counted again: those that came while the minute of the trip was open, which are only counted,
-- and those that came later, each by its address. The two times keep Postgres from planning for every partition.
create or replace function explain_copies(wanted_trip_ids uuid[], earliest timestamp, latest timestamp)
returns table (part text, says text, trip_id uuid, details jsonb)
language sql stable set search_path from current set plan_cache_mode = 'force_custom_plan' as $$
    select
        'duplicate',
        format(
            '%s came %s more %s while its minute was open; only the first counts', copies.trip_id, copies.repeats,
            case copies.repeats when 1 then 'time' else 'times' end
        ),
        copies.trip_id,
        jsonb_build_object('copies', copies.repeats)
    from repeated_arrivals as copies
    where copies.trip_id = any(wanted_trip_ids)
    union all
    select
        'duplicate',
        format(
            '%s came again %s after it ended, as %s/%s/%s, from %s; it counts already', later.trip_id,
            later.arrived_at - later.dropoff_at, later.topic, later.partition, later.kafka_offset, later.source_file
        ),
        later.trip_id,
        jsonb_build_object(
            'copies', 1, 'arrived_at', later.arrived_at, 'topic', later.topic, 'partition', later.partition,
            'kafka_offset', later.kafka_offset, 'source_file', later.source_file
        )
    from (
        select
            arrivals.*,
            known.on_time,
            row_number() over (
                partition by arrivals.trip_id
                order by arrivals.arrived_at, arrivals.topic, arrivals.partition, arrivals.kafka_offset
            ) as place
        from late_arrivals as arrivals
        inner join all_trips as known
            on arrivals.trip_id = known.trip_id and arrivals.dropoff_at = known.dropoff_at
        where arrivals.trip_id = any(wanted_trip_ids) and known.dropoff_at between earliest and latest
    ) as later
    where later.on_time or later.place > 1
$$;
