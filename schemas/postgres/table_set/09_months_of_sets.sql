-- The month as in its file: as shown by another set, filled from that file alone.
create or replace function look_at_month(other_set text, wanted_taxi_type text, wanted_month date)
returns void language plpgsql as $$
declare
    -- The set of an earlier version lacks the columns that were added later, and has no values for them.
    lacking text := coalesce(
        (
            select string_agg(
                format(', null::%s as %I', format_type(ours.atttypid, null), ours.attname), '' order by ours.attnum
            )
            from pg_attribute as ours
            where
                ours.attrelid = 'trips'::regclass
                and not exists (
                    select from pg_attribute as theirs
                    where theirs.attrelid = format('%I.trips', other_set)::regclass and theirs.attname = ours.attname
                )
        ),
        ''
    );
begin
    execute format(
        'create or replace temporary view accepted_trips as select *%s from %I.trips'
        ' where taxi_type = %L and source_month = %L and dropoff_at >= %L and dropoff_at < %L',
        lacking, other_set, wanted_taxi_type, wanted_month, first_dropoff_at(wanted_month), end_of_dropoffs(wanted_month)
    );
    execute format(
        'create or replace temporary view refused_trips as select * from %I.quarantined_trips'
        ' where taxi_type = %L and source_month = %L',
        other_set, wanted_taxi_type, wanted_month
    );
end
$$;

-- The rules limit the drop-offs of a month's valid trips: three partitions are read instead of 265.
create or replace function first_dropoff_at(source_month date)
returns timestamp language sql immutable parallel safe
return source_month::timestamp - interval '1 day';

create or replace function end_of_dropoffs(source_month date)
returns timestamp language sql immutable parallel safe
return source_month::timestamp + interval '1 month 2 days';
