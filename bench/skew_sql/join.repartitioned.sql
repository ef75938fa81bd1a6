-- More partitions do not help: all rows of a zone are still in one of them.
select /*+ merge(zone_days) */
    trips.trip,
    zone_days.target
from (select /*+ repartition(256, zone_id) */ * from trips) as trips
inner join zone_days
    on
        trips.zone_id = zone_days.zone_id
        and trips.dropoff_second between zone_days.day * 86400 and zone_days.day * 86400 + 86399
