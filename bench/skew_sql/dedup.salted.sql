-- The seconds are the salt: what is compared with one another stays together, and nothing else.
select
    zone_id,
    dropoff_second,
    min(trip) as trip
from (select /*+ repartition(zone_id, dropoff_second) */ * from trips)
group by zone_id, dropoff_second
