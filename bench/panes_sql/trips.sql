-- Made-up trips of a month, the same for the same seed; a few zones take most of them, as in New York.
with drawn as (
    select
        pmod(xxhash64(id, ${seed}, 'zone'), 1000000) / 1000000 as share,
        pmod(xxhash64(id, ${seed}, 'second'), 2678400) as dropoff_second,
        pmod(xxhash64(id, ${seed}, 'cents'), 10000) + 300 as total_amount_cents
    from range(0, ${rows}, 1, ${files})
)

select
    int(265 * share * share * share) + 1 as pickup_zone_id,
    cast(timestamp_seconds(1704067200 + dropoff_second) as timestamp_ntz) as dropoff_at,
    total_amount_cents
from drawn
