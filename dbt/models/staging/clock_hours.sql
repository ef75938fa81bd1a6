-- A valid trip is at most a day outside its file's month and at most a day long, so no clock of a trip has to be read.
with bounds as (
    select
        cast(min(month) as timestamp) - interval '2 days' as first_hour,
        cast(max(month) as timestamp) + interval '1 month' + interval '3 days' as last_hour
    from {{ ref('trip_months') }}
),

hours as (
    select {{ hours_between('first_hour', 'last_hour') }} as hour_at
    from bounds
),

moments as (
    select {{ hours_between('first_hour', "last_hour + interval '6 hours'") }} as utc_at
    from bounds
),

-- Each instant has exactly one New York local time. A local time may have no instant (skipped) or two (repeated).
clock as (
    select
        {{ utc_to_new_york('utc_at') }} as hour_at,
        count(*) as moments
    from moments
    group by 1
)

select
    hours.hour_at,
    cast(coalesce(clock.moments, 0) as integer) as real_hours
from hours
left join clock on hours.hour_at = clock.hour_at
