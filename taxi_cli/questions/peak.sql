select
    zones.zone_name,
    fares.window_start,
    fares.window_end,
    fares.trips,
    fares.avg_total_amount
from taxi.zone_fares_quarter_hours as fares
inner join taxi.zones on fares.pickup_zone_id = zones.zone_id
where
    fares.taxi_type = 'green'
    and fares.window_start >= '2023-12-01'
    and fares.window_start < '2024-01-01'
order by fares.trips desc, fares.window_end asc, zones.zone_id asc
limit 3
