-- Average trip cost of a pickup zone over 15 minutes, one window a minute.
create table if not exists taxi.zone_fares_15m (
    taxi_type text not null,
    pickup_zone_id integer not null,
    window_start timestamp not null,
    window_end timestamp not null,
    trips bigint not null check (trips > 0),
    total_amount_cents bigint not null,
    avg_total_amount numeric(12, 4) not null,
    primary key (taxi_type, pickup_zone_id, window_end),
    check (window_end - window_start = interval '15 minutes')
);

-- Every quarter of an hour the windows stand side by side, and each trip is in exactly one of them:
-- the ledger counts windowed trips there, without reading the other fourteen fifteenths.
create index if not exists zone_fares_15m_quarter_hours on taxi.zone_fares_15m (taxi_type, window_start)
include (trips)
where extract(minute from window_end)::integer % 15 = 0;

-- The newest closed window of each zone. One index look-up a zone, however many windows there are.
create or replace view taxi.zone_fares_now as
select
    taxi_types.taxi_type,
    zones.zone_id as pickup_zone_id,
    zones.zone_name,
    zones.borough,
    newest.window_start,
    newest.window_end,
    newest.trips,
    newest.total_amount_cents,
    newest.avg_total_amount
from (values ('yellow'), ('green'), ('fhvhv')) as taxi_types (taxi_type)
cross join taxi.zones
cross join lateral (
    select fares.*
    from taxi.zone_fares_15m as fares
    where fares.taxi_type = taxi_types.taxi_type and fares.pickup_zone_id = zones.zone_id
    order by fares.window_end desc
    limit 1
) as newest;
