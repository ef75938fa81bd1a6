-- Intervals have no gap and no overlap: at any time a zone has exactly one label.
select
    zone_key,
    valid_from,
    valid_to,
    next_valid_from
from (
    select
        *,
        lead(valid_from) over (partition by zone_id order by valid_from, zone_key) as next_valid_from
    from {{ ref('dim_zones') }}
) as labels
where valid_from >= valid_to or valid_to <> coalesce(next_valid_from, timestamp '9999-12-31 00:00:00')
