select to_char(max(as_of), 'YYYY-MM-DD HH24:MI') as "event clock"
from taxi.zone_fares_now
where taxi_type = ${taxi_type:sqlstring}
