-- The first trip of each zone and second, where each zone was brought together before.
select
    zone_id,
    dropoff_second,
    min(trip) as trip
from (select /*+ repartition(zone_id) */ * from trips)
group by zone_id, dropoff_second
