select
    taxi_type,
    pickup_zone_id,
    window_start,
    window_end
from {{ ref('fct_zone_fares_15m') }}
where window_end - window_start <> interval '15 minutes' or window_end <> date_trunc('minute', window_end)
