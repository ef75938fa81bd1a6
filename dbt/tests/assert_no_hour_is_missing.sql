select
    hour_at,
    next_hour_at
from (
    select
        hour_at,
        lead(hour_at) over (order by hour_at) as next_hour_at
    from {{ ref('dim_datetime') }}
) as hours
where next_hour_at <> hour_at + interval '1 hour'
