-- The job's role writes the tables of its set, directly and by their triggers, and has no other rights. It neither
-- creates nor drops a table. The partitions are accessible through their table only.
do $$
begin
    if to_regrole('zone_fares') is null then
        return;
    end if;
    execute format('grant usage on schema %I to zone_fares', current_schema());
    execute format('grant select, insert, update, delete on all tables in schema %I to zone_fares', current_schema());
end
$$;
