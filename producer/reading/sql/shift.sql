-- prepared → the same trips, moved by a number of days, with identities of their own: a ride at another time is
-- another ride.
--
-- A pickup outside its file's month must stay outside, and months differ in length. So a trip inside its month goes to
-- the month of its moved pickup. A trip before its month goes to the second month after the moved pickup, a trip after
-- its month to the second month before.
with outside as (
    select
        *,
        case
            when pickup_at < cast(source_month as timestamp) - interval 1 day then 2
            when pickup_at >= cast(source_month as timestamp) + interval 1 month + interval 1 day then -2
            else 0
        end as months_outside
    from prepared
),

moved as (
    select
        * exclude (months_outside) replace (
            pickup_at + interval ${days} day as pickup_at,
            dropoff_at + interval ${days} day as dropoff_at,
            replay_at + interval ${days} day as replay_at,
            coalesce(
                cast(date_trunc('month', pickup_at + interval ${days} day) + to_months(months_outside) as date),
                source_month
            ) as source_month
        ),
        cast(round(trip_distance * 100) as bigint) as trip_distance_hundredths
    from outside
),

numbered as (
    -- Equal rides keep their order.
    select *, row_number() over (partition by ${identity_text} order by trip_id) - 1 as ordinal
    from moved
)

select
    * exclude (trip_distance_hundredths, ordinal) replace (
        cast(cast(md5(${identity_text} || '|' || ordinal) as uuid) as varchar) as trip_id,
        ${is_valid} as is_valid
    )
from numbered
order by replay_at, trip_id
