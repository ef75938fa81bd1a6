with clock as (
    select max(as_of) as closed_until
    from taxi.zone_fares_now
    where taxi_type = ${taxi_type:sqlstring}
)

select
    zones.zone_name as "zone",
    zones.borough as "borough",
    sum(fares.trips) as "trips",
    round(sum(fares.total_amount_cents) / 100 / sum(fares.trips), 2) as "average"
from taxi.zone_fares_quarter_hours as fares
inner join clock on fares.window_end <= clock.closed_until
inner join taxi.zones on fares.pickup_zone_id = zones.zone_id
where
    fares.taxi_type = ${taxi_type:sqlstring}
    and fares.window_end > (select clock.closed_until - interval '24 hours' from clock)
group by zones.zone_id
order by sum(fares.trips) desc, zones.zone_id asc
limit 15
