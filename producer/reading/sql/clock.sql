-- trips → the same trips in the order and at the time of their replay. The clock runs from the first to the last
-- drop-off of a valid trip: a drop-off in 2041 must not stretch the replay by twenty years. The sort leaves out
-- columns that are constant in all rows.
with span as (
    select
        coalesce(min(dropoff_at) filter (where ${is_valid}), date '${source_month}') as first_at,
        coalesce(max(dropoff_at) filter (where ${is_valid}), date '${source_month}') as last_at
    from kept
),

ordered as (
    select
        trips.* exclude (taxi_type, source_file, source_month, file_row, trip_distance_hundredths),
        ${is_valid} as is_valid,
        greatest(first_at, least(last_at, coalesce(dropoff_at, pickup_at, first_at))) as replay_at
    from trips
    cross join span
    order by replay_at, trip_id
)

select
    * replace (cast(trip_id as varchar) as trip_id),
    '${taxi_type}' as taxi_type,
    '${source_file}' as source_file,
    date '${source_month}' as source_month
from ordered
