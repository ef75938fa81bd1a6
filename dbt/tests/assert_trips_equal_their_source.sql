-- Per source month: the same number of trips, money, time and clocks as the source, which is read without the staging
-- models.
with expected as (
    select
        taxi_type,
        source_month,
        count(*) as trips,
        sum(total_amount_cents) as total_amount_cents,
        sum(extract(epoch from dropoff_at) - extract(epoch from pickup_at)) as duration_seconds,
        min(pickup_at) as first_pickup_at,
        max(dropoff_at) as last_dropoff_at
    from {{ source('taxi', 'trips') }}
    group by taxi_type, source_month
),

found as (
    select
        taxi_type,
        source_month,
        count(*) as trips,
        sum(total_amount_cents) as total_amount_cents,
        sum(trip_duration_seconds) as duration_seconds,
        min(pickup_at) as first_pickup_at,
        max(dropoff_at) as last_dropoff_at
    from {{ ref('fct_trips') }}
    group by taxi_type, source_month
)

select
    taxi_type,
    source_month,
    expected.trips as expected_trips,
    found.trips as found_trips
from expected
full join found using (taxi_type, source_month)
where
    (
        expected.trips is distinct from found.trips
        or expected.total_amount_cents is distinct from found.total_amount_cents
        or round(expected.duration_seconds) is distinct from found.duration_seconds
        or expected.first_pickup_at is distinct from found.first_pickup_at
        or expected.last_dropoff_at is distinct from found.last_dropoff_at
    )
    and not exists (
        select 1
        from ({{ trip_months_in_motion() }}) as in_motion
        where
            in_motion.taxi_type = coalesce(expected.taxi_type, found.taxi_type)
            and in_motion.month = coalesce(expected.source_month, found.source_month)
    )
