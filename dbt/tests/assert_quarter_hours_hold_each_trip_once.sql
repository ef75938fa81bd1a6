-- Four windows of an hour do not overlap: those that end on a quarter. Together they hold the trips of the hour.
with windowed as (
    select
        taxi_type,
        window_hour_at as hour_at,
        sum(trips) as trips,
        sum(total_amount_cents) as total_amount_cents
    from {{ ref('fct_zone_fares_15m') }}
    where cast(extract(minute from window_end) as integer) % 15 = 0
    group by taxi_type, window_hour_at
),

ended as (
    select
        taxi_type,
        dropoff_hour_at as hour_at,
        count(*) as trips,
        sum(total_amount_cents) as total_amount_cents
    from {{ ref('fct_trips') }}
    group by taxi_type, dropoff_hour_at
),

in_motion as (
    {{ trip_months_in_motion() }}
    union all
    {{ fare_months_in_motion() }}
)

select
    taxi_type,
    hour_at,
    windowed.trips as windowed_trips,
    ended.trips as ended_trips
from windowed
full join ended using (taxi_type, hour_at)
where
    (
        windowed.trips is distinct from ended.trips
        or windowed.total_amount_cents is distinct from ended.total_amount_cents
    )
    and not exists (
        select 1
        from in_motion
        where
            in_motion.taxi_type = coalesce(windowed.taxi_type, ended.taxi_type)
            and coalesce(windowed.hour_at, ended.hour_at) >= in_motion.month - interval '1 month'
            and coalesce(windowed.hour_at, ended.hour_at) < in_motion.month + interval '2 months'
    )
