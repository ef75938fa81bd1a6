-- Adds the new columns of the contract to a set that an earlier version created. A new set has no tables yet. Only
-- tables that lack a column are altered: even when `add column if not exists` adds nothing, it waits for every reader.
do $$
declare
    missing record;
begin
    for missing in
        select tables.name, columns.definition
        from unnest(array['all_trips', 'late_arrivals', 'replaced_trips']) as tables (name)
        cross join regexp_split_to_table('${optional_trip_columns}', ', ') with ordinality as columns (definition, place)
        where
            to_regclass(tables.name) is not null
            and not exists (
                select from pg_attribute
                where attrelid = to_regclass(tables.name) and attname = split_part(columns.definition, ' ', 1)
            )
        -- Trips are moved between these tables by column position.
        order by columns.place
    loop
        execute format('alter table %I add column %s', missing.name, missing.definition);
    end loop;
end
$$;
