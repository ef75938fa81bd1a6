-- Where a served number comes from, for SQL users, ./taxi explain and the map.

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
