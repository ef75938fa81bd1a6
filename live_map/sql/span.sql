-- The first and the last window of a taxi type. By zone, so that each zone costs one look-up by key.
select
    min(ends.earliest) as earliest,
    max(ends.latest) as latest
from taxi.zones
cross join lateral (
    select
        (
            select fares.window_end
            from taxi.zone_fares_15m as fares
            where fares.taxi_type = %(taxi_type)s and fares.pickup_zone_id = zones.zone_id
            order by fares.window_end asc
            limit 1
        ) as earliest,
        (
            select fares.window_end
            from taxi.zone_fares_15m as fares
            where fares.taxi_type = %(taxi_type)s and fares.pickup_zone_id = zones.zone_id
            order by fares.window_end desc
            limit 1
        ) as latest
) as ends
