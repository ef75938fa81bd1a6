-- The job's role writes the tables of its set, by itself and by their triggers, and nothing else. It makes and removes
-- no table. The partitions are reached through their table only.
do $$
begin
    if to_regrole('zone_fares') is null then
        return;
    end if;
    execute format('grant usage on schema %I to zone_fares', current_schema());
    execute format('grant select, insert, update, delete on all tables in schema %I to zone_fares', current_schema());
end
$$;
