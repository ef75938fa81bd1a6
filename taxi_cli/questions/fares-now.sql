select
    zone_name,
    borough,
    trips,
    avg_total_amount,
    window_end,
    age
from taxi.zone_fares_now
where taxi_type = 'green' and trips >= 3
order by avg_total_amount desc, zone_name asc
limit 5
