-- A sort-merge join on the zone. The day is checked after the join, as any condition that is not an equality.
select /*+ merge(zone_days) */
    trips.trip,
    zone_days.target
from trips
inner join zone_days
    on
        trips.zone_id = zone_days.zone_id
        and trips.dropoff_second between zone_days.day * 86400 and zone_days.day * 86400 + 86399
