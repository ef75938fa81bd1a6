-- Moves the tables of an earlier version to where this version expects them. On a new database it does nothing.
do $$
declare
    table_set text;
begin
    -- Versions without numbered table sets kept their only set in the schema that users read.
    if (select relkind from pg_class where oid = to_regclass('taxi.on_time_fares_15m')) = 'r' then
        drop view if exists taxi.trip_ledger, taxi.late_trips, taxi.quarantined_trips, taxi.zone_fares_now,
            taxi.zone_fares_15m;
        drop function taxi.count_late_arrivals, taxi.uncount_late_trip, taxi.lock_late_fares, taxi.window_ends,
            taxi.average_dollars cascade;
        create schema taxi_1;
        create table taxi_1.on_time_windows (
            taxi_type text not null,
            pickup_zone_id integer not null,
            window_end timestamp not null,
            trips bigint not null check (trips > 0),
            total_amount_cents bigint not null,
            primary key (pickup_zone_id, taxi_type, window_end)
        );
        insert into taxi_1.on_time_windows
        select
            taxi_type,
            pickup_zone_id,
            window_end,
            trips,
            total_amount_cents
        from taxi.on_time_fares_15m;
        drop table taxi.on_time_fares_15m;
        alter table taxi.late_fares_15m set schema taxi_1;
        alter table taxi.trips set schema taxi_1;
        alter table taxi.quarantined_arrivals set schema taxi_1;
        alter table taxi.late_arrivals set schema taxi_1;
        alter table taxi.repeated_arrivals set schema taxi_1;
        alter table taxi.dead_letters set schema taxi_1;
        alter table taxi.received_records set schema taxi_1;
        alter schema taxi_months rename to taxi_1_months;
    end if;

    -- In versions without publications, every stored trip counted.
    for table_set in
        select nspname from pg_class inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where relname = 'trips' and relkind = 'p' and nspname ~ '^taxi_'
    loop
        execute format('alter table %I.trips rename to all_trips', table_set);
        execute format('alter table %I.all_trips alter on_time drop not null', table_set);
        execute format('alter table %I.all_trips add withdrawn_by bigint, add published_by bigint', table_set);
    end loop;

    -- Versions without parity compared a month only with the served rows.
    for table_set in
        select nspname from pg_proc inner join pg_namespace on pg_proc.pronamespace = pg_namespace.oid
        where proname = 'compare_month' and pronargs = 3 and nspname ~ '^taxi_'
    loop
        execute format('drop function %I.compare_month(text, text, date)', table_set);
    end loop;
end
$$;
