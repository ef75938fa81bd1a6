-- More partitions do not help: all rows of a zone are still in one of them.
with ranked as (
    select
        zone_id,
        total_amount_cents,
        row_number() over (partition by zone_id order by total_amount_cents) as place,
        count(*) over (partition by zone_id) as trips
    from (select /*+ repartition(256, zone_id) */ * from trips)
)

select
    zone_id,
    total_amount_cents as percentile_cents
from ranked
where place = ceil(trips * 0.95)
