-- Restores the state before the newest publication of a month, including the later writes of the stream.
create or replace function undo_publication(wanted_run text, wanted_taxi_type text, wanted_month date)
returns void language plpgsql
set search_path from current
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    this bigint := (
        select publication
        from current_publications
        where run = wanted_run and taxi_type = wanted_taxi_type and source_month = wanted_month
    );
    previous bigint := (
        select max(publication)
        from publications
        where taxi_type = wanted_taxi_type and source_month = wanted_month and publication < this
    );
    first_publication bigint := (
        select min(publication)
        from publications
        where taxi_type = wanted_taxi_type and source_month = wanted_month
    );
    begins timestamp := first_dropoff_at(wanted_month);
    ends timestamp := end_of_dropoffs(wanted_month);
begin
    if this is null then
        raise exception 'run % is not the newest publication of % %', wanted_run, wanted_taxi_type, wanted_month;
    end if;
    lock table all_trips in share row exclusive mode;
    perform set_config('taxi.publishing', 'yes', true);
    delete from all_trips
    where
        published_by = this and on_time is null and withdrawn_by is null
        and dropoff_at >= begins and dropoff_at < ends;
    update all_trips
    set withdrawn_by = previous, published_by = null
    where
        (published_by = this or withdrawn_by = this)
        and dropoff_at >= begins and dropoff_at < ends;
    -- Trips that only publications had, and that the stream has delivered since: its values are kept.
    insert into replaced_trips
    select first_publication, known.*
    from all_trips as known
    inner join replaced_trips as replaced
        on known.trip_id = replaced.trip_id and known.dropoff_at = replaced.dropoff_at
    where
        replaced.publication = this and replaced.on_time is null and known.on_time is not null
        and known.dropoff_at >= begins and known.dropoff_at < ends
    on conflict (publication, trip_id, dropoff_at) do nothing;
    update replaced_trips
    set withdrawn_by = null, published_by = null
    where publication = first_publication and withdrawn_by is not null;
    insert into all_trips as known (
        ${trip_columns},
        on_time, withdrawn_by, published_by
    )
    select
        ${trip_columns},
        on_time, withdrawn_by, published_by
    from replaced_trips
    where publication = this
    on conflict (trip_id, dropoff_at) do update
    set
        (${trip_details}) = (${excluded.trip_details}),
        withdrawn_by = excluded.withdrawn_by,
        published_by = excluded.published_by;
    delete from replaced_trips where publication = this;
    delete from published_quarantined_trips where publication = this;
    delete from publications where publication = this;
    perform set_config('taxi.publishing', '', true);
end
$$;

-- Copies the publications of another set, before or after the stream has filled this one.
create or replace function adopt_publications(other_set text)
returns bigint language plpgsql
set search_path from current
as $$
declare
    other record;
    adopted bigint := 0;
begin
    for other in execute format(
        'select run, taxi_type, source_month from %I.current_publications order by publication', other_set
    ) loop
        perform publish_month(other.run, other_set, other.taxi_type, other.source_month, true);
        adopted := adopted + 1;
    end loop;
    return adopted;
end
$$;
