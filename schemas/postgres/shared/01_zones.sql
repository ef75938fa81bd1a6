-- The 265 taxi zones, loaded from dbt/seeds/taxi_zones.csv.
create schema if not exists taxi;

create table if not exists taxi.zones (
    zone_id integer primary key,
    zone_name text not null,
    borough text not null,
    service_zone text not null
);
