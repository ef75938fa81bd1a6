-- prepared → the same trips so many days later, to be identified anew: a ride at another time is another ride.
--
-- Whether a pickup lies outside its file's month must stay as it is. So a trip inside moves to the month that its
-- pickup has moved to; one outside keeps the month of its file, which is now even further away.
select
    -- Equal rides keep their order, and so their ordinals.
    trip_id as file_row,
    * exclude (trip_id, is_valid, replay_at) replace (
        pickup_at + interval ${days} day as pickup_at,
        dropoff_at + interval ${days} day as dropoff_at,
        case
            when
                pickup_at >= cast(source_month as timestamp) - interval 1 day
                and pickup_at < cast(source_month as timestamp) + interval 1 month + interval 1 day
                then cast(date_trunc('month', pickup_at + interval ${days} day) as date)
            else source_month
        end as source_month
    )
from prepared
