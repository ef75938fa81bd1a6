-- What the map shows of every taxi type; the average as text, digit for digit as it is served.
select
    taxi_type,
    pickup_zone_id,
    window_end,
    trips,
    avg_total_amount::text as average
from taxi.zone_fares_now
