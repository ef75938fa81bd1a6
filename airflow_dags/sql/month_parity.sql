-- 1 when every served window of the month equals the sum of its served trips, to the cent. Windows that end on a
-- quarter of an hour hold each trip once. A month with nothing published passes.
with month as (
    select {first_day} as first_day
),

served as (
    select
        fares.pickup_zone_id,
        fares.window_end,
        fares.trips,
        fares.total_amount_cents
    from taxi.zone_fares_15m as fares
    cross join month
    where
        fares.taxi_type = '{taxi_type}'
        and fares.window_end > month.first_day
        and fares.window_end <= month.first_day + interval '1 month'
        and extract(minute from fares.window_end)::int % 15 = 0
),

summed as (
    select
        trips.pickup_zone_id,
        date_bin('15 minutes', trips.dropoff_at, timestamp '2000-01-01') + interval '15 minutes' as window_end,
        count(*) as trips,
        sum(trips.total_amount_cents)::bigint as total_amount_cents
    from taxi.trips as trips
    cross join month
    where
        trips.taxi_type = '{taxi_type}'
        and trips.dropoff_at >= month.first_day
        and trips.dropoff_at < month.first_day + interval '1 month'
    group by 1, 2
)

select
    (count(*) filter (
        where
            served.trips is distinct from summed.trips
            or served.total_amount_cents is distinct from summed.total_amount_cents
    ) = 0)::int as agrees,
    count(*) as windows
from served
full join summed using (pickup_zone_id, window_end)
