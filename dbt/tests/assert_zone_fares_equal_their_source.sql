-- Per month: the same number of windows, trips and cents as the source, which is read without the staging models.
with expected as (
    select
        taxi_type,
        cast(date_trunc('month', window_end) as date) as window_month,
        count(*) as windows,
        sum(trips) as trips,
        sum(total_amount_cents) as total_amount_cents
    from (
        select
            taxi_type,
            pickup_zone_id,
            window_end,
            sum(trips) as trips,
            sum(total_amount_cents) as total_amount_cents
        from {{ source('taxi', 'zone_fares_15m') }}
        group by taxi_type, pickup_zone_id, window_end
    ) as windows
    group by taxi_type, cast(date_trunc('month', window_end) as date)
),

found as (
    select
        taxi_type,
        window_month,
        count(*) as windows,
        sum(trips) as trips,
        sum(total_amount_cents) as total_amount_cents
    from {{ ref('fct_zone_fares_15m') }}
    group by taxi_type, window_month
)

select
    taxi_type,
    window_month,
    expected.windows as expected_windows,
    found.windows as found_windows
from expected
full join found using (taxi_type, window_month)
where
    (
        expected.windows is distinct from found.windows
        or expected.trips is distinct from found.trips
        or expected.total_amount_cents is distinct from found.total_amount_cents
    )
    and not exists (
        select 1
        from ({{ fare_months_in_motion() }}) as in_motion
        where
            in_motion.taxi_type = coalesce(expected.taxi_type, found.taxi_type)
            and in_motion.month = coalesce(expected.window_month, found.window_month)
    )
