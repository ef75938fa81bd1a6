-- Figures of each zone and day, as another table has them.
select
    int(id div 31) + 1 as zone_id,
    id % 31 as day,
    pmod(xxhash64(id), 100) as target
from range(0, 265 * 31, 1, 1)
