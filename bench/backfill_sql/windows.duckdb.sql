-- Same algorithm as batch_backfill/zone_fares: a pane enters the window that ends with its minute, and leaves it
-- fifteen minutes later.
with panes as (
    select
        pickup_zone_id,
        epoch_us(dropoff_at) // 60000000 as minute,
        count(*) as trips,
        sum(total_amount_cents) as total_amount_cents
    from trips
    group by all
),

changes as (
    select pickup_zone_id, minute + 1 as minute, trips, total_amount_cents from panes
    union all
    select pickup_zone_id, minute + 16, -trips, -total_amount_cents from panes
),

by_minute as (
    select pickup_zone_id, minute, sum(trips) as trips, sum(total_amount_cents) as total_amount_cents
    from changes
    group by all
),

sums as (
    select
        pickup_zone_id,
        minute,
        sum(trips) over so_far as trips,
        sum(total_amount_cents) over so_far as total_amount_cents,
        lead(minute) over (partition by pickup_zone_id order by minute) as next_minute
    from by_minute
    window so_far as (partition by pickup_zone_id order by minute rows between unbounded preceding and current row)
),

ends as (
    select pickup_zone_id, unnest(range(minute, next_minute)) as window_end_minute, trips, total_amount_cents
    from sums
    where trips > 0
)

select
    pickup_zone_id,
    make_timestamp((window_end_minute - 15) * 60000000) as window_start,
    make_timestamp(window_end_minute * 60000000) as window_end,
    cast(trips as bigint) as trips,
    cast(total_amount_cents as bigint) as total_amount_cents,
    round(total_amount_cents / (trips * 100.0), 4) as avg_total_amount
from ends
