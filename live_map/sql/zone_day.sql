-- The last day of a zone in quarters of an hour. They do not overlap, so their trips may be added up.
select
    window_end,
    trips,
    avg_total_amount::text as average
from taxi.zone_fares_15m
where
    taxi_type = %(taxi_type)s
    and pickup_zone_id = %(zone_id)s
    and window_end > %(at)s::timestamp - interval '24 hours'
    and window_end <= %(at)s::timestamp
    and extract(minute from window_end)::integer %% 15 = 0
order by window_end
