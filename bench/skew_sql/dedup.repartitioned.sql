-- More partitions do not help: all rows of a zone are still in one of them.
select
    zone_id,
    dropoff_second,
    min(trip) as trip
from (select /*+ repartition(256, zone_id) */ * from trips)
group by zone_id, dropoff_second
