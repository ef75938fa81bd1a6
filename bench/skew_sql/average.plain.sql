-- Sums aggregate partially: regardless of the skew, a task sends one row per zone.
select
    zone_id,
    cast(sum(total_amount_cents) as decimal(38, 0)) / count(*) as avg_cents
from trips
group by zone_id
