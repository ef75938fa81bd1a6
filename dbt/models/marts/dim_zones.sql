{{ config(materialized='incremental', incremental_strategy='merge', unique_key='zone_key') }}

with snapshots as (
    select
        zone_id,
        zone_name,
        borough,
        service_zone,
        {{ utc_to_new_york('dbt_valid_from') }} as taken_at,
        row_number() over (partition by zone_id order by dbt_valid_from) as snapshot_number
    from {{ ref('zone_labels') }}
),

former as (
    select
        zone_id,
        zone_name,
        borough,
        service_zone,
        cast(valid_to as timestamp) as valid_to
    from {{ ref('former_zone_labels') }}
),

labels as (
    select
        zone_id,
        zone_name,
        borough,
        service_zone,
        timestamp '1900-01-01 00:00:00' as valid_from
    from former
    union all
    -- The label of the first snapshot is valid from the end of the former label, or always.
    select
        snapshots.zone_id,
        snapshots.zone_name,
        snapshots.borough,
        snapshots.service_zone,
        case
            when snapshots.snapshot_number > 1 then snapshots.taken_at
            else coalesce(former.valid_to, timestamp '1900-01-01 00:00:00')
        end as valid_from
    from snapshots
    left join former on snapshots.zone_id = former.zone_id
),

numbered as (
    select
        *,
        row_number() over (partition by zone_id order by valid_from) as version,
        lead(valid_from) over (partition by zone_id order by valid_from) as next_valid_from
    from labels
)

select
    cast(zone_id * 100 + version as integer) as zone_key,
    zone_id,
    cast(version as integer) as version,
    zone_name,
    borough,
    service_zone,
    valid_from,
    coalesce(next_valid_from, timestamp '9999-12-31 00:00:00') as valid_to,
    next_valid_from is null as is_current
from numbered
