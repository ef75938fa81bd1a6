-- One row per month of a run that replaces months: planned, running, then published or failed; or undone.
create table if not exists taxi.backfill_runs (
    run text not null,
    taxi_type text not null,
    month text not null check (month ~ '^\d{4}-\d{2}$'),
    engine text not null check (engine in ('flink', 'spark')),
    state text not null check (state in ('planned', 'running', 'published', 'failed', 'undone')),
    source_file text not null,
    trips bigint,
    quarantined bigint,
    added bigint,
    withdrawn bigint,
    changed bigint,
    failure text,
    planned_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    ended_at timestamptz,
    primary key (run, taxi_type, month)
);
-- Identifies the edition of the month: each file of the run with its checksum, as reported by the store of the files.
alter table taxi.backfill_runs add column if not exists source_content text;

-- One row per comparison of a month that a run computed: counts of windows, and of trips. A publication compares the
-- month with the served rows: a window that differs is explained if exactly the trips that only one side has cause the
-- difference. `./taxi parity` compares the month with the rows of the stream, which are then the served side: a window
-- that differs is explained if it would be equal with the late trips counted in it.
create table if not exists taxi.parity_reports (
    report bigint generated always as identity primary key,
    run text not null,
    taxi_type text not null,
    month text not null,
    engine text not null,
    compared_at timestamptz not null default clock_timestamp(),
    equal bigint not null,
    explained bigint not null,
    unexplained bigint not null,
    trips_equal bigint not null,
    trips_changed bigint not null,
    trips_only_served bigint not null,
    trips_only_in_run bigint not null
);
alter table taxi.parity_reports
add column if not exists beside text not null default 'served' check (beside in ('served', 'stream'));

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
