-- trips → the same trips in the order and at the time in which they are replayed. The clock runs from the first to
-- the last drop-off of a valid trip: a ride of 2041 must not stretch the replay by twenty years.
with judged as (
    select *, ${is_valid} as is_valid
    from trips
),

span as (
    select
        coalesce(min(dropoff_at) filter (where is_valid), min(cast(source_month as timestamp))) as first_at,
        coalesce(max(dropoff_at) filter (where is_valid), min(cast(source_month as timestamp))) as last_at
    from judged
)

select
    judged.*,
    greatest(first_at, least(last_at, coalesce(dropoff_at, pickup_at, first_at))) as replay_at
from judged
cross join span
order by replay_at, trip_id
