with summed as (
    select
        taxi_type,
        date_day,
        sum(trips) as trips,
        sum(total_amount_cents) as total_amount_cents
    from {{ ref('agg_zone_day') }}
    group by taxi_type, date_day
),

counted as (
    select
        taxi_type,
        cast(dropoff_hour_at as date) as date_day,
        count(*) as trips,
        sum(total_amount_cents) as total_amount_cents
    from {{ ref('fct_trips') }}
    group by taxi_type, cast(dropoff_hour_at as date)
)

select
    taxi_type,
    date_day,
    summed.trips as summed_trips,
    counted.trips as counted_trips
from summed
full join counted using (taxi_type, date_day)
where
    summed.trips is distinct from counted.trips
    or summed.total_amount_cents is distinct from counted.total_amount_cents
