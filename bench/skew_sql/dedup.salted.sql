-- The second is the salt: only rows that are compared with one another stay in one partition.
select
    zone_id,
    dropoff_second,
    min(trip) as trip
from (select /*+ repartition(zone_id, dropoff_second) */ * from trips)
group by zone_id, dropoff_second
