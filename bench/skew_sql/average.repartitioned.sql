-- The trips are shuffled by zone before the aggregation, which keeps the skew.
select
    zone_id,
    cast(sum(total_amount_cents) as decimal(38, 0)) / count(*) as avg_cents
from (select /*+ repartition(zone_id) */ * from trips)
group by zone_id
