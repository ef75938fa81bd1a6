-- A new trip of the stream in a published month is not in the month's file, whose trips are all stored already.
create or replace function withdraw_unpublished_trips()
returns trigger language plpgsql
set search_path from current
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    earliest timestamp;
    latest timestamp;
begin
    select min(gained.dropoff_at), max(gained.dropoff_at) into earliest, latest
    from gained
    inner join publications
        on gained.taxi_type = publications.taxi_type and gained.source_month = publications.source_month
    where gained.on_time is not null;
    if earliest is null then
        return null;
    end if;
    update all_trips as known
    set withdrawn_by = published.publication
    from gained
    inner join current_publications as published
        on gained.taxi_type = published.taxi_type and gained.source_month = published.source_month
    where
        known.trip_id = gained.trip_id
        and known.dropoff_at = gained.dropoff_at
        and known.dropoff_at between earliest and latest
        and known.withdrawn_by is null
        and known.on_time is not null;
    return null;
end
$$;

create or replace trigger withdraw_unpublished_trips
after insert on all_trips
referencing new table as gained
for each statement execute function withdraw_unpublished_trips();

-- In a published month the stream changes only on_time. The values that it would have written are kept for an undo.
create or replace function keep_published_values()
returns trigger language plpgsql set search_path from current as $$
declare
    first_publication bigint := (
        select min(publication)
        from publications
        where taxi_type = old.taxi_type and source_month = old.source_month
    );
    kept all_trips := old;
begin
    if first_publication is null then
        return new;
    end if;
    kept.on_time := new.on_time;
    new.withdrawn_by := null;
    new.published_by := null;
    insert into replaced_trips
    select first_publication, (new).*
    on conflict (publication, trip_id, dropoff_at) do update
    set (${trip_details}) = (${excluded.trip_details});
    return kept;
end
$$;

create or replace trigger keep_published_values
before update on all_trips
for each row when (
    (${old.trip_details}) is distinct from (${new.trip_details})
    and current_setting('taxi.publishing', true) is distinct from 'yes'
)
execute function keep_published_values();
