-- Grain: one row per taxi type, pickup zone and window with trips. The columns of taxi.zone_fares_15m. A window ends
-- on every whole minute and holds the 15 minutes before it, including its start and excluding its end.
create view expected_zone_fares_15m as
with candidates as (
    select
        trips.*,
        date_trunc('minute', trips.dropoff_at) + to_minutes(minutes_ahead.i) as window_end
    from expected_valid_trips as trips
    cross join range(0, 17) as minutes_ahead (i)
),

sums as (
    select
        taxi_type,
        pickup_zone_id,
        window_end - to_minutes(15) as window_start,
        window_end,
        count(*)::bigint as trips,
        sum(total_amount_cents)::bigint as total_amount_cents
    from candidates
    where dropoff_at >= window_end - to_minutes(15) and dropoff_at < window_end
    group by taxi_type, pickup_zone_id, window_end
)

-- In whole ten-thousandths of a dollar, rounded half up, without doubles.
select
    *,
    (((200 * total_amount_cents + trips) // (2 * trips))::decimal(12, 0) * 0.0001)::decimal(12, 4)
        as avg_total_amount
from sums;
