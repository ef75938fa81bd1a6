-- trips → the sums of each zone and minute. Minutes are counted from 1970 on, on New York's clock.
select
    pickup_zone_id,
    unix_seconds(cast(dropoff_at as timestamp_ltz)) div 60 as minute,
    count(*) as trips,
    sum(total_amount_cents) as total_amount_cents
from trips
group by 1, 2
