-- The fares that the map shows, for every taxi type. The average is text, so that the map shows the digits as served.
select
    taxi_type,
    pickup_zone_id,
    window_end,
    trips,
    avg_total_amount::text as average
from taxi.zone_fares_now
