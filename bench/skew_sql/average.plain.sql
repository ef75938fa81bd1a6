-- Sums add up in parts: whatever the skew, a task sends a row a zone.
select
    zone_id,
    cast(sum(total_amount_cents) as decimal(38, 0)) / count(*) as avg_cents
from trips
group by zone_id
