-- Where a served number comes from, for SQL users, ./taxi explain and the map.

-- One row a start of a job that writes a table set, from before its first write.
create table if not exists taxi.job_runs (
    job_id text primary key,
    table_set text not null,
    job text not null,
    release integer not null,
    source_commit text not null,
    schema_version integer not null,
    started_at timestamptz not null default clock_timestamp(),
    -- Rows that a transaction of this number or a later one wrote are of this run, or of the next.
    first_transaction xid8 not null default pg_current_xact_id()
);

-- The tables of the sets are not for readers, so these functions run with the rights of their owner. A set belongs to
-- a release, which brings its own explanations (table_set/16_explain_window.sql, 17_explain_trip.sql).
create or replace function taxi.served_function(signature text)
returns text language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    served text := (select table_set from taxi.switches order by switched_at desc limit 1);
begin
    if to_regprocedure(format('%I.%s', served, signature)) is null then
        raise exception 'the release that wrote % cannot explain its numbers', coalesce(served, 'nothing yet')
        using errcode = 'feature_not_supported',
            hint = 'upgrade the job: ./taxi job upgrade zone_fares';
    end if;
    return format('%I.%s', served, split_part(signature, '(', 1));
end
$$;

create or replace function taxi.explain_window(taxi_type text, zone integer, window_end timestamp)
returns table (part text, says text, trips bigint, total_amount_cents bigint, trip_id uuid, details jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp rows 50 as $$
begin
    return query execute format(
        'select * from %s($1, $2, $3)', taxi.served_function('explain_window(text, integer, timestamp)')
    ) using taxi_type, zone, window_end;
end
$$;

create or replace function taxi.explain_trip(id uuid)
returns table (part text, says text, details jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp rows 10 as $$
begin
    return query execute format('select * from %s($1)', taxi.served_function('explain_trip(uuid)')) using id;
end
$$;

do $$
begin
    revoke execute on function
        taxi.served_function(text), taxi.explain_window(text, integer, timestamp), taxi.explain_trip(uuid)
    from public;
    if to_regrole('taxi_reader') is not null then
        grant execute on function taxi.explain_window(text, integer, timestamp), taxi.explain_trip(uuid)
        to taxi_reader;
    end if;
end
$$;

-- Only where there is none: writing a comment again would change a row of the catalogue at each start.
do $$
declare
    described record;
begin
    for described in
        select texts.kind, texts.name, texts.meaning
        from (
            values
            (
                'table', 'taxi.job_runs', 'taxi.job_runs'::regclass::oid, 0,
                'One row a start of a job: its release, and the trip schema that the release reads with. '
                'taxi.explain_window names by it the release that wrote a window.'
            ),
            ('column', 'taxi.job_runs.job_id', 'taxi.job_runs'::regclass::oid, 1, 'Id of the job in Flink.'),
            (
                'column', 'taxi.job_runs.table_set', 'taxi.job_runs'::regclass::oid, 2,
                'Schema with the tables that the run writes.'
            ),
            ('column', 'taxi.job_runs.job', 'taxi.job_runs'::regclass::oid, 3, 'Name of the job.'),
            (
                'column', 'taxi.job_runs.release', 'taxi.job_runs'::regclass::oid, 4,
                'Number of the release: ./taxi job releases lists them.'
            ),
            (
                'column', 'taxi.job_runs.source_commit', 'taxi.job_runs'::regclass::oid, 5,
                'Commit of the source tree, with a + where the tree had changes; empty outside of git.'
            ),
            (
                'column', 'taxi.job_runs.schema_version', 'taxi.job_runs'::regclass::oid, 6,
                'Newest version of the trip schema that the release knows.'
            ),
            (
                'column', 'taxi.job_runs.started_at', 'taxi.job_runs'::regclass::oid, 7,
                'Start of the run, by the clock of Postgres.'
            ),
            (
                'column', 'taxi.job_runs.first_transaction', 'taxi.job_runs'::regclass::oid, 8,
                'Number of a transaction before the first write of the run.'
            ),
            (
                'function', 'taxi.served_function(text)', 'taxi.served_function(text)'::regprocedure::oid, 0,
                'Internal: the function of the served table set that explains.'
            ),
            (
                'function', 'taxi.explain_window(text, integer, timestamp)',
                'taxi.explain_window(text, integer, timestamp)'::regprocedure::oid, 0,
                'Where a row of taxi.zone_fares_15m comes from, by taxi type, pickup zone and END of the window. '
                'Without a taxi type (null): the only one with trips. The parts: served = on_time + late + published; '
                'each trip; what was kept out (withdrawn, quarantined, duplicate, dead_letter); who wrote or confirmed '
                'it (release, publication, parity). says is a sentence, details the same for programs.'
            ),
            (
                'function', 'taxi.explain_trip(uuid)', 'taxi.explain_trip(uuid)'::regprocedure::oid, 0,
                'Where a trip went, and why: on_time, late, duplicate, quarantined, dead_letter, published, '
                'published_over, withdrawn, removed, or never_seen; the refund of the trip, or the trip that it '
                'refunds (twin); who wrote or confirmed it (release, publication, parity).'
            )
        ) as texts (kind, name, id, part, meaning)
        where not exists (select from pg_description where objoid = texts.id and objsubid = texts.part)
    loop
        execute format('comment on %s %s is %L', described.kind, described.name, described.meaning);
    end loop;
end
$$;
