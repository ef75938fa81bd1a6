select
    zones.zone_name,
    zones.borough,
    sum(fares.trips) as trips,
    round(sum(fares.total_amount_cents) / 100 / sum(fares.trips), 2) as average_dollars
from taxi.zone_fares_quarter_hours as fares
inner join taxi.zones on fares.pickup_zone_id = zones.zone_id
where
    fares.taxi_type = 'green'
    and fares.window_start >= '2023-12-01'
    and fares.window_start < '2024-01-01'
group by zones.zone_id
order by trips desc
limit 5
