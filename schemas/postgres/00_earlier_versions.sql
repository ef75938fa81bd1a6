-- Moves the tables of an earlier version to where this one looks for them. On a new database it does nothing.
do $$
begin
    -- Until late trips were counted, the windows of the on-time trips were all there was.
    if (select relkind from pg_class where oid = to_regclass('taxi.zone_fares_15m')) = 'r' then
        alter table taxi.zone_fares_15m rename to on_time_fares_15m;
        alter index taxi.zone_fares_15m_quarter_hours rename to on_time_fares_15m_quarter_hours;
        alter table taxi.trips add column on_time boolean not null default true;
        -- Its rows lack most of what a trip is. The topic has it all.
        drop view taxi.trip_ledger, taxi.late_trips;
        drop table taxi.late_arrivals;
        alter table taxi.dead_letters
        add column record_key bytea,
        add column error_class text;
        update taxi.dead_letters
        set
            error_class = split_part(error, ': ', 1),
            error = substr(error, strpos(error, ': ') + 2);
        alter table taxi.dead_letters alter column error_class set not null;
        raise notice 'the tables are those of an earlier version: for its late trips, let the job read the topic again';
    end if;
end
$$;
