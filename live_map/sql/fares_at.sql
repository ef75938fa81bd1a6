-- The same as fares_now.sql at an earlier moment. By zone: each zone costs a few look-ups by key, regardless of the
-- number of windows.
select
    zones.zone_id,
    newest.window_end,
    newest.trips,
    newest.average
from taxi.zones
cross join lateral (
    select
        fares.window_end,
        fares.trips,
        fares.avg_total_amount::text as average
    from taxi.zone_fares_15m as fares
    where
        fares.taxi_type = %(taxi_type)s
        and fares.pickup_zone_id = zones.zone_id
        and fares.window_end >= %(at)s::timestamp - %(fresh)s::interval
        and fares.window_end <= %(at)s::timestamp
    order by fares.window_end desc
    limit 1
) as newest
order by zones.zone_id
