-- Whether a row was written by another transaction that had not ended at `earliest`.
create or replace function is_newer(written_by xid, earliest xid)
returns boolean language sql stable parallel restricted
return age(written_by) <= age(earliest) and written_by <> pg_current_xact_id()::xid;

-- Publishes the month of another set. Skips a month whose last publication is by this run. Not exclusive: the stream
-- continues to write, and waits only for a moment at the end, while its writes since the beginning are processed. Only
-- a stream of the same month may conflict with our rows, and then make us fail with a deadlock or a lock that is not
-- available. Exclusive: the stream waits for the whole publication.
create or replace function publish_month(
    wanted_run text, source_set text, wanted_taxi_type text, wanted_month date, exclusive boolean
)
returns publications language plpgsql
set search_path from current
set work_mem = '128MB'
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    published publications;
    this bigint;
    -- Rows of transactions that had not ended when the publication began.
    earliest xid := pg_snapshot_xmin(pg_current_snapshot())::xid;
    is_second_look boolean;
    begins timestamp := first_dropoff_at(wanted_month);
    ends timestamp := end_of_dropoffs(wanted_month);
    rows_added bigint;
    rows_changed bigint;
    rows_withdrawn bigint;
begin
    select * into published
    from current_publications
    where taxi_type = wanted_taxi_type and source_month = wanted_month;
    if published.run = wanted_run then
        return published;
    end if;
    if exclusive then
        lock table all_trips in share row exclusive mode;
    else
        perform set_config('lock_timeout', '20ms', true);
    end if;
    perform set_config('taxi.publishing', 'yes', true);
    perform look_at_month(source_set, wanted_taxi_type, wanted_month);
    insert into publications (run, taxi_type, source_month)
    values (wanted_run, wanted_taxi_type, wanted_month)
    returning publication into this;

    insert into all_trips (
        ${trip_columns},
        on_time, published_by
    )
    select
        ${accepted.trip_columns},
        null, this
    from accepted_trips as accepted
    left join all_trips as known
        on
            accepted.trip_id = known.trip_id
            and accepted.dropoff_at = known.dropoff_at
            and known.dropoff_at >= begins
            and known.dropoff_at < ends
    where known.trip_id is null
    on conflict (trip_id, dropoff_at) do nothing;
    get diagnostics rows_added = row_count;
    update publications set added = rows_added where publication = this;

    foreach is_second_look in array array[false, true] loop
        if is_second_look and exclusive then
            exit;
        elsif is_second_look then
            -- Do not wait for a session that waits for this one, and give up before Postgres' deadlock_timeout of 1 s.
            if exists (select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))) then
                raise lock_not_available using message = 'the stream is waiting for rows of this publication';
            end if;
            perform set_config('lock_timeout', '500ms', true);
            lock table all_trips in share row exclusive mode;
        end if;

        with replaced as (
            insert into replaced_trips
            select this, known.*
            from all_trips as known
            inner join accepted_trips as accepted
                on known.trip_id = accepted.trip_id and known.dropoff_at = accepted.dropoff_at
            where
                known.dropoff_at >= begins
                and known.dropoff_at < ends
                and (not is_second_look or is_newer(known.xmin, earliest))
                and known.published_by is distinct from this
                and (
                    known.withdrawn_by is not null
                    or (${known.trip_details}) is distinct from (${accepted.trip_details})
                )
            on conflict (publication, trip_id, dropoff_at) do nothing
            returning trip_id, dropoff_at
        )

        update all_trips as known
        set
            (${trip_details}) = (${accepted.trip_details}),
            withdrawn_by = null
        from replaced
        inner join accepted_trips as accepted
            on replaced.trip_id = accepted.trip_id and replaced.dropoff_at = accepted.dropoff_at
        where
            known.trip_id = replaced.trip_id
            and known.dropoff_at = replaced.dropoff_at
            and known.dropoff_at >= begins
            and known.dropoff_at < ends;
        get diagnostics rows_changed = row_count;

        with gone as (
            select known.*
            from all_trips as known
            left join accepted_trips as accepted
                on known.trip_id = accepted.trip_id and known.dropoff_at = accepted.dropoff_at
            where
                known.taxi_type = wanted_taxi_type
                and known.source_month = wanted_month
                and known.dropoff_at >= begins
                and known.dropoff_at < ends
                and (not is_second_look or is_newer(known.xmin, earliest))
                and known.withdrawn_by is null
                and accepted.trip_id is null
        ),

        replaced as (
            insert into replaced_trips
            select this, gone.*
            from gone
            on conflict (publication, trip_id, dropoff_at) do update set on_time = excluded.on_time
            returning trip_id, dropoff_at, on_time
        ),

        -- The stream does not know these; the second pass finds a trip that it takes over in the meantime.
        removed as (
            delete from all_trips as known
            using replaced
            where
                known.trip_id = replaced.trip_id
                and known.dropoff_at = replaced.dropoff_at
                and known.dropoff_at >= begins
                and known.dropoff_at < ends
                and known.on_time is null
        ),

        withdrawn as (
            update all_trips as known
            set withdrawn_by = this
            from replaced
            where
                known.trip_id = replaced.trip_id
                and known.dropoff_at = replaced.dropoff_at
                and known.dropoff_at >= begins
                and known.dropoff_at < ends
                and known.on_time is not null
        )

        select count(*) into rows_withdrawn from replaced;
        update publications
        set withdrawn = withdrawn + rows_withdrawn, changed = changed + rows_changed
        where publication = this;
    end loop;

    insert into published_quarantined_trips
    select
        this,
        trip_id, taxi_type, rules, source_file, source_month, pickup_at, dropoff_at, pickup_zone_id,
        dropoff_zone_id, trip_distance, fare_amount_cents, total_amount_cents
    from refused_trips;
    perform set_config('taxi.publishing', '', true);
    select * into published from publications where publication = this;
    return published;
end
$$;
