-- The last day of event time, moved so that the newest window ends now.
with clock as (
    select max(as_of) as closed_until
    from taxi.zone_fares_now
    where taxi_type = ${taxi_type:sqlstring}
)

select
    now() - (clock.closed_until - fares.window_end) as "time",
    zones.borough as metric,
    round(sum(fares.total_amount_cents) / 100 / sum(fares.trips), 2) as "average"
from taxi.zone_fares_quarter_hours as fares
inner join clock on fares.window_end <= clock.closed_until
inner join taxi.zones on fares.pickup_zone_id = zones.zone_id
where
    fares.taxi_type = ${taxi_type:sqlstring}
    and fares.window_end > (select clock.closed_until - interval '24 hours' from clock)
group by fares.window_end, clock.closed_until, zones.borough
order by "time", metric
