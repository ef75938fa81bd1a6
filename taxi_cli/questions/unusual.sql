select
    zones.zone_name,
    fares.window_end,
    fares.trips,
    fares.avg_total_amount,
    usual.median_average,
    usual.high_average
from taxi.zone_fares_quarter_hours as fares
inner join marts.agg_zone_weekday_hour as usual
    on
        fares.taxi_type = usual.taxi_type
        and fares.pickup_zone_id = usual.pickup_zone_id
        and extract(isodow from fares.window_start) = usual.iso_weekday
        and extract(hour from fares.window_start) = usual.hour_of_day
inner join taxi.zones on fares.pickup_zone_id = zones.zone_id
where
    fares.taxi_type = 'green'
    and fares.window_start >= '2023-12-01'
    and fares.window_start < '2024-01-01'
    and fares.trips >= 5
    and usual.windows >= 8
    and fares.avg_total_amount > usual.high_average
order by fares.avg_total_amount / usual.median_average desc, fares.window_end asc, zones.zone_id asc
limit 5
