-- Windows that end on a quarter of an hour hold each trip once. Percentiles pick one of their averages and never
-- interpolate, so both targets give the same digits.
with quarter_hours as (
    select
        taxi_type,
        pickup_zone_id,
        cast(extract(isodow from window_start) as integer) as iso_weekday,
        cast(extract(hour from window_start) as integer) as hour_of_day,
        avg_total_amount
    from {{ ref('fct_zone_fares_15m') }}
    where cast(extract(minute from window_end) as integer) % 15 = 0
)

select
    taxi_type,
    pickup_zone_id,
    iso_weekday,
    hour_of_day,
    count(*) as windows,
    cast(percentile_disc(0.1) within group (order by avg_total_amount) as numeric(12, 4)) as low_average,
    cast(percentile_disc(0.5) within group (order by avg_total_amount) as numeric(12, 4)) as median_average,
    cast(percentile_disc(0.9) within group (order by avg_total_amount) as numeric(12, 4)) as high_average
from quarter_hours
group by taxi_type, pickup_zone_id, iso_weekday, hour_of_day
