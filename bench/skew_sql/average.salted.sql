-- A salt where none is needed: one extra shuffle.
with salted as (
    select
        zone_id,
        pmod(trip, 16) as salt,
        sum(total_amount_cents) as cents,
        count(*) as trips
    from trips
    group by zone_id, pmod(trip, 16)
)

select
    zone_id,
    cast(sum(cents) as decimal(38, 0)) / sum(trips) as avg_cents
from salted
group by zone_id
