-- One row per trip: copies of it in the same minute are merged. Every grouping column except the window is part of the
-- trip's identity, so copies never differ in it.
create temporary view counted_once as
select
    window_start as dropoff_minute,
    window_time as counted_at,
    taxi_type,
    pickup_zone_id,
    trip_id,
    total_amount_cents,
    count(*) as copies
from
    table(
        tumble(
            (
                select event_time, taxi_type, pickup_zone_id, trip_id, total_amount_cents
                from classified
                where disposition = 'on_time'
            ),
            descriptor(event_time),
            interval '1' minute
        )
    )
group by window_start, window_end, window_time, taxi_type, pickup_zone_id, trip_id, total_amount_cents;

-- HOP shares panes: each trip is added once, to one pane, and fifteen panes make a window. `copies > 0` always holds.
-- If `copies` were not used, the planner would count the trips a second time next to counted_once, with twice the
-- state. The quotient is a decimal of 12 digits, wide enough that rounding it to 4 decimals rounds once.
create temporary view zone_fares as
select
    taxi_type,
    pickup_zone_id,
    window_start,
    window_end,
    count(*) as trips,
    sum(total_amount_cents) as total_amount_cents,
    cast(
        cast(sum(total_amount_cents) as decimal(18, 0)) / cast(count(*) * 100 as decimal(11, 0)) as decimal(12, 4)
    ) as avg_total_amount
from
    table(
        hop(
            (select * from counted_once where copies > 0),
            descriptor(counted_at),
            interval '${slide_minutes}' minute,
            interval '${size_minutes}' minute
        )
    )
group by window_start, window_end, taxi_type, pickup_zone_id;
