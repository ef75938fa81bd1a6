{{ config(materialized='incremental', incremental_strategy='merge', unique_key='hour_at') }}

-- A valid trip is at most a day outside its file's month and at most a day long: no clock needs to be read.
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

-- Each moment of the world has one place on New York's clock; a place may have none (skipped) or two (repeated).
clock as (
    select
        {{ utc_to_new_york('utc_at') }} as hour_at,
        count(*) as moments
    from moments
    group by 1
),

days as (
    select
        hours.hour_at,
        cast(hours.hour_at as date) as date_day,
        cast(extract(hour from hours.hour_at) as integer) as hour_of_day,
        cast(extract(isodow from hours.hour_at) as integer) as day_of_week,
        cast(extract(day from hours.hour_at) as integer) as day_of_month,
        cast(extract(month from hours.hour_at) as integer) as month_of_year,
        cast(extract(year from hours.hour_at) as integer) as calendar_year,
        cast(coalesce(clock.moments, 0) as integer) as real_hours
    from hours
    left join clock on hours.hour_at = clock.hour_at
),

named as (
    select
        days.*,
        holiday_rules.holiday_name,
        days.day_of_week >= 6 as is_weekend,
        max(case when days.real_hours <> 1 then 1 else 0 end) over (partition by days.date_day) = 1
            as is_clock_change_day
    from days
    left join {{ ref('holiday_rules') }} as holiday_rules
        on
            days.month_of_year = holiday_rules.month_of_year
            and days.day_of_month between holiday_rules.first_day and holiday_rules.last_day
            and days.day_of_week = coalesce(holiday_rules.day_of_week, days.day_of_week)
            and days.calendar_year >= holiday_rules.since_year
)

select
    hour_at,
    date_day,
    hour_of_day,
    day_of_week,
    cast(date_trunc('month', hour_at) as date) as month_start,
    calendar_year,
    is_weekend,
    holiday_name,
    holiday_name is not null as is_holiday,
    not is_weekend and holiday_name is null and (hour_of_day between 7 and 9 or hour_of_day between 16 and 19)
        as is_rush_hour,
    real_hours,
    is_clock_change_day
from named
