-- The naive query for the windows: each trip is copied into fifteen of them.
select
    pickup_zone_id,
    cast(window.start as timestamp_ntz) as window_start,
    cast(window.end as timestamp_ntz) as window_end,
    count(*) as trips,
    sum(total_amount_cents) as total_amount_cents,
    cast(
        cast(sum(total_amount_cents) as decimal(18, 0)) / cast(count(*) * 100 as decimal(11, 0)) as decimal(12, 4)
    ) as avg_total_amount
from trips
group by pickup_zone_id, window(dropoff_at, '15 minutes', '1 minute')
