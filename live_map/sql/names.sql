select
    zone_id,
    zone_name,
    borough
from taxi.zones
order by zone_id
