-- A zone's trips are distributed over 16 salts, and its figures are copied once per salt.
with salted as (
    select
        *,
        pmod(trip, 16) as salt
    from trips
),

copies as (
    select
        zone_days.*,
        explode(sequence(0L, 15L)) as salt
    from zone_days
)

select /*+ merge(copies) */
    salted.trip,
    copies.target
from salted
inner join copies
    on
        salted.zone_id = copies.zone_id
        and salted.salt = copies.salt
        and salted.dropoff_second between copies.day * 86400 and copies.day * 86400 + 86399
