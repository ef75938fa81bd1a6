{{ config(materialized='incremental', incremental_strategy='merge', unique_key='hour_at') }}

with days as (
    select
        hour_at,
        cast(hour_at as date) as date_day,
        cast(extract(hour from hour_at) as integer) as hour_of_day,
        cast(extract(isodow from hour_at) as integer) as day_of_week,
        cast(extract(day from hour_at) as integer) as day_of_month,
        cast(extract(month from hour_at) as integer) as month_of_year,
        cast(extract(year from hour_at) as integer) as calendar_year,
        real_hours
    from {{ ref('clock_hours') }}
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
