-- The zones are brought together before, and with them the skew.
select
    zone_id,
    cast(sum(total_amount_cents) as decimal(38, 0)) / count(*) as avg_cents
from (select /*+ repartition(zone_id) */ * from trips)
group by zone_id
