-- More partitions do not help: all rows of a zone are still in one of them.
select
    trip,
    dropoff_second
    - lag(dropoff_second) over (partition by zone_id order by dropoff_second, trip) as gap_seconds
from (select /*+ repartition(256, zone_id) */ * from trips)
