-- Synthetic trips of a month, sorted by drop-off, the same for the same seed. A few zones take most of them, as in New
-- York.
with drawn as (
    select
        hash(id, ${seed}, 'zone') % 1000000 / 1000000 as share,
        id * 2678400 // ${rows} as dropoff_second,
        hash(id, ${seed}, 'cents') % 10000 + 300 as total_amount_cents
    from range(${first}, ${last}) as ids (id)
)

select
    cast(floor(265 * share * share * share) as integer) + 1 as pickup_zone_id,
    timestamp '2024-01-01' + to_seconds(cast(dropoff_second as integer)) as dropoff_at,
    cast(total_amount_cents as bigint) as total_amount_cents
from drawn
