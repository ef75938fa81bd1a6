create temporary table sink_trips_per_hour (
    pickup_zone_id int, hour_start timestamp(3), trips bigint, primary key (pickup_zone_id, hour_start) not enforced
) with (${postgres}, 'table-name' = '${table_set}.trips_per_hour');
