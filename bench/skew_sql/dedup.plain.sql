-- The first trip of each zone and second, after a shuffle by zone.
select
    zone_id,
    dropoff_second,
    min(trip) as trip
from (select /*+ repartition(zone_id) */ * from trips)
group by zone_id, dropoff_second
