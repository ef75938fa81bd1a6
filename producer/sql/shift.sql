-- prepared → the same trips so many days later, to be identified anew: a ride at another time is another ride.
--
-- Whether a pickup lies outside its file's month must stay as it is, and months are not equally long. So a trip inside
-- goes to the month that its pickup moves to, one before or after it to a month two further on or back.
with moved as (
    select
        *,
        pickup_at + interval ${days} day as moved_pickup_at,
        case
            when pickup_at < cast(source_month as timestamp) - interval 1 day then 2
            when pickup_at >= cast(source_month as timestamp) + interval 1 month + interval 1 day then -2
            else 0
        end as months_outside
    from prepared
)

select
    -- Equal rides keep their order, and so their ordinals.
    trip_id as file_row,
    * exclude (trip_id, is_valid, replay_at, moved_pickup_at, months_outside) replace (
        moved_pickup_at as pickup_at,
        dropoff_at + interval ${days} day as dropoff_at,
        coalesce(
            cast(date_trunc('month', moved_pickup_at) + to_months(months_outside) as date), source_month
        ) as source_month
    )
from moved
