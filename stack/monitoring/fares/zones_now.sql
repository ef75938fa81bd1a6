select
    count(*) as "zones with a fare",
    coalesce(sum(trips), 0) as "trips in their windows"
from taxi.zone_fares_now
where taxi_type = ${taxi_type:sqlstring}
