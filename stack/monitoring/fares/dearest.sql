select
    zone_name as "zone",
    borough as "borough",
    trips as "trips",
    avg_total_amount as "average",
    age::text as "age"
from taxi.zone_fares_now
where taxi_type = ${taxi_type:sqlstring} and trips >= 3
order by avg_total_amount desc, zone_name asc
limit 15
