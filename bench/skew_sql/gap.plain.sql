-- The seconds since the previous trip in the same zone: one task has to sort a whole zone.
select
    trip,
    dropoff_second
    - lag(dropoff_second) over (partition by zone_id order by dropoff_second, trip) as gap_seconds
from trips
