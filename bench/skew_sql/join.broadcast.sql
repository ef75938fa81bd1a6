-- Every task gets a copy of the small table: there is no shuffle.
select /*+ broadcast(zone_days) */
    trips.trip,
    zone_days.target
from trips
inner join zone_days
    on
        trips.zone_id = zone_days.zone_id
        and trips.dropoff_second between zone_days.day * 86400 and zone_days.day * 86400 + 86399
