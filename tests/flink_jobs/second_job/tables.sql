create table if not exists trips_per_hour (
    pickup_zone_id integer,
    hour_start timestamp,
    trips bigint not null,
    primary key (pickup_zone_id, hour_start)
);
