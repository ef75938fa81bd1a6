{{ config(materialized='incremental', incremental_strategy='replace_all') }}

with days as (
    select
        taxi_type,
        cast(dropoff_at as date) as date_day,
        pickup_zone_id,
        pickup_zone_key,
        count(*) as trips,
        cast(sum(total_amount_cents) as bigint) as total_amount_cents,
        cast(sum(coalesce(tip_amount_cents, 0)) as bigint) as tip_amount_cents,
        -- Exact: a sum of doubles would depend on the order of the rows.
        sum(cast(coalesce(trip_distance, 0) as numeric(12, 2))) as trip_distance,
        cast(sum(trip_duration_seconds) as bigint) as trip_duration_seconds
    from {{ ref('fct_trips') }}
    group by taxi_type, cast(dropoff_at as date), pickup_zone_id, pickup_zone_key
)

select
    taxi_type,
    date_day,
    cast(date_day as timestamp) as first_hour_at,
    pickup_zone_id,
    pickup_zone_key,
    trips,
    total_amount_cents,
    {{ average_dollars('total_amount_cents', 'trips') }} as avg_total_amount,
    tip_amount_cents,
    cast(trip_distance as numeric(18, 2)) as trip_distance,
    trip_duration_seconds
from days
