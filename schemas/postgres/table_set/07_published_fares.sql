-- Every writer of published_fares_15m takes this lock first, as with late_fares_15m.
create or replace function lock_published_fares()
returns void language sql
begin atomic
    select pg_advisory_xact_lock(hashtext(current_schema() || '.published_fares_15m'));
end;

-- published_fares_15m is the sum over all_trips of: 1 for a trip unknown to the stream, -1 for a withdrawn trip that
-- the stream knows. Very few trips are one or the other, so the trigger does very little work.
create or replace function keep_published_fares()
returns trigger language plpgsql set search_path from current as $$
declare
    changes text;
begin
    if tg_op = 'INSERT' then
        if not exists (select from gained where (on_time is null) <> (withdrawn_by is not null)) then
            return null;
        end if;
        changes := 'select 1 as sign, * from gained';
    elsif tg_op = 'DELETE' then
        if not exists (select from lost where (on_time is null) <> (withdrawn_by is not null)) then
            return null;
        end if;
        changes := 'select -1 as sign, * from lost';
    else
        if not exists (select from gained where on_time is null or withdrawn_by is not null)
            and not exists (select from lost where on_time is null or withdrawn_by is not null) then
            return null;
        end if;
        changes := 'select 1 as sign, * from gained union all select -1, * from lost';
    end if;
    perform lock_published_fares();
    -- By minute first: the trips of a minute are in the same fifteen windows.
    execute format($sql$
        insert into published_fares_15m as fares (
            taxi_type, pickup_zone_id, window_start, window_end, trips, total_amount_cents
        )
        select
            taxi_type, pickup_zone_id, window_end - interval '15 minutes', window_end,
            sum(trips), sum(total_amount_cents)
        from (
            select
                taxi_type,
                pickup_zone_id,
                date_trunc('minute', dropoff_at) as dropoff_minute,
                sum(weight) as trips,
                sum(weight * total_amount_cents) as total_amount_cents
            from (
                select *, case when withdrawn_by is null then sign else -sign end as weight
                from (%s) as changes
                where (on_time is null) <> (withdrawn_by is not null)
            ) as weighed
            group by taxi_type, pickup_zone_id, dropoff_minute
        ) as minutes
        cross join window_ends(dropoff_minute) as window_end
        where trips <> 0 or total_amount_cents <> 0
        group by taxi_type, pickup_zone_id, window_end
        on conflict (taxi_type, pickup_zone_id, window_end) do update
        set
            trips = fares.trips + excluded.trips,
            total_amount_cents = fares.total_amount_cents + excluded.total_amount_cents
    $sql$, changes);
    delete from published_fares_15m where trips = 0 and total_amount_cents = 0;
    return null;
end
$$;

create or replace trigger keep_published_fares_on_insert
after insert on all_trips
referencing new table as gained
for each statement execute function keep_published_fares();

create or replace trigger keep_published_fares_on_update
after update on all_trips
referencing old table as lost new table as gained
for each statement execute function keep_published_fares();

create or replace trigger keep_published_fares_on_delete
after delete on all_trips
referencing old table as lost
for each statement execute function keep_published_fares();
