-- As many more partitions as one likes: a zone is still in one of them.
select
    zone_id,
    dropoff_second,
    min(trip) as trip
from (select /*+ repartition(256, zone_id) */ * from trips)
group by zone_id, dropoff_second
