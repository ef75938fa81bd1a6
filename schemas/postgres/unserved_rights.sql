-- The tables of a job that taxi does not show: the jobs' role writes them, readers read them in their own schema.
do $$
begin
    if to_regrole('zone_fares') is null then
        return;
    end if;
    execute format('grant usage on schema %I to zone_fares, taxi_reader', current_schema());
    execute format('grant select on all tables in schema %I to zone_fares, taxi_reader', current_schema());
    execute format('grant insert, update, delete on all tables in schema %I to zone_fares', current_schema());
end
$$;
