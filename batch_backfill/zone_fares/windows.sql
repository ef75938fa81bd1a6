-- panes → the windows that have trips.
--
-- A pane enters the window that ends with its minute and leaves it ${window_minutes} minutes later. So the running sum of what enters
-- and leaves is the window's content at every change, and holds until the next one. Nothing is summed up
-- ${window_minutes} times, and a window whose newest minutes are empty is not missed, as it would be by a range of panes.
with changes as (
    select
        pickup_zone_id,
        inline(
            array(
                named_struct('minute', minute + 1, 'trips', trips, 'total_amount_cents', total_amount_cents),
                named_struct(
                    'minute', minute + 1 + ${window_minutes}, 'trips', -trips, 'total_amount_cents', -total_amount_cents
                )
            )
        )
    from panes
),

-- Of several changes in a minute the last one has the sum; the others last for zero minutes.
sums as (
    select
        pickup_zone_id,
        minute,
        sum(trips) over so_far as trips,
        sum(total_amount_cents) over so_far as total_amount_cents,
        lead(minute) over (partition by pickup_zone_id order by minute) as next_minute
    from changes
    window so_far as (partition by pickup_zone_id order by minute rows between unbounded preceding and current row)
),

ends as (
    select
        pickup_zone_id,
        explode(sequence(minute, next_minute - 1)) as window_end_minute,
        trips,
        total_amount_cents
    from sums
    where trips > 0 and minute < next_minute
)

select
    pickup_zone_id,
    cast(timestamp_seconds((window_end_minute - ${window_minutes}) * 60) as timestamp_ntz) as window_start,
    cast(timestamp_seconds(window_end_minute * 60) as timestamp_ntz) as window_end,
    trips,
    total_amount_cents,
    -- As in flink_jobs/zone_fares/windows.sql: in decimals so wide that rounding to 4 digits rounds once.
    cast(
        cast(total_amount_cents as decimal(18, 0)) / cast(trips * 100 as decimal(11, 0)) as decimal(12, 4)
    ) as avg_total_amount
from ends
