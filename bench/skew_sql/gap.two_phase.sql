-- Phase 1: within intervals of one hour. Phase 2: the first trip of an interval is compared with the last of the
-- previous interval.
with stretches as (
    select
        zone_id,
        dropoff_second div 3600 as stretch,
        lag(max(dropoff_second)) over (partition by zone_id order by dropoff_second div 3600) as before_second
    from trips
    group by zone_id, dropoff_second div 3600
),

within as (
    select
        *,
        dropoff_second div 3600 as stretch,
        lag(dropoff_second) over (
            partition by zone_id, dropoff_second div 3600 order by dropoff_second, trip
        ) as before_second
    from trips
)

select /*+ broadcast(stretches) */
    within.trip,
    within.dropoff_second - coalesce(within.before_second, stretches.before_second) as gap_seconds
from within
inner join stretches on within.zone_id = stretches.zone_id and within.stretch = stretches.stretch
