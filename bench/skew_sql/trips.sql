-- Synthetic trips, the same for the same seed: one zone takes ${hot_share} of them, the others share the rest.
with drawn as (
    select
        id as trip,
        pmod(xxhash64(id, ${seed}, 'hot'), 1000000) / 1000000 < ${hot_share} as is_hot,
        int(pmod(xxhash64(id, ${seed}, 'zone'), 265)) + 1 as any_zone_id,
        pmod(xxhash64(id, ${seed}, 'second'), 2678400) as dropoff_second,
        pmod(xxhash64(id, ${seed}, 'cents'), 10000000) + 1 as total_amount_cents
    from range(0, ${rows}, 1, ${files})
)

select
    trip,
    if(is_hot, 132, any_zone_id) as zone_id,
    dropoff_second,
    total_amount_cents
from drawn
