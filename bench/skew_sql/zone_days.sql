-- Figures per zone and day, as a second table to join with.
select
    int(id div 31) + 1 as zone_id,
    id % 31 as day,
    pmod(xxhash64(id), 100) as target
from range(0, 265 * 31, 1, 1)
