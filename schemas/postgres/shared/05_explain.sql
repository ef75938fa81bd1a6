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
comment on table taxi.job_runs is
'One row a start of a job: its release, and the version of the trip schema that the release reads with. '
'taxi.explain_window uses it to name the release that wrote a window.';
comment on column taxi.job_runs.job_id is 'Id of the job in Flink.';
comment on column taxi.job_runs.table_set is 'Schema with the tables that the run writes.';
comment on column taxi.job_runs.job is 'Name of the job.';
comment on column taxi.job_runs.release is 'Number of the release: ./taxi job releases lists them.';
comment on column taxi.job_runs.source_commit is
'Commit of the source tree, with a + where the tree had changes; empty outside of git.';
comment on column taxi.job_runs.schema_version is 'Newest version of the trip schema that the release knows.';
comment on column taxi.job_runs.started_at is 'When the run was started, by the clock of Postgres.';
comment on column taxi.job_runs.first_transaction is
'Number of a transaction before the first write of the run.';

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
comment on function taxi.explain_window(text, integer, timestamp) is
'Where a row of taxi.zone_fares_15m comes from, by taxi type, pickup zone and END of the window, which is part of the '
'row''s key. Without a taxi type (null), the only one with trips in the window. The parts: served = on_time + late + '
'published; then each trip; what was kept out (withdrawn, quarantined, duplicate, dead_letter); and who wrote or '
'confirmed it (release, publication, parity). says is a sentence, details the same for programs.';

create or replace function taxi.explain_trip(id uuid)
returns table (part text, says text, details jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp rows 10 as $$
begin
    return query execute format('select * from %s($1)', taxi.served_function('explain_trip(uuid)')) using id;
end
$$;
comment on function taxi.explain_trip(uuid) is
'Where a trip went, and why: on_time, late, duplicate, quarantined, dead_letter, published, published_over, withdrawn, '
'removed, or never_seen; its refund or the trip that it refunds (twin); and who wrote or confirmed it (release, '
'publication, parity).';

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
