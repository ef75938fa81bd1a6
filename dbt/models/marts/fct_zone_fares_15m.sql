{{
    config(
        materialized='incremental',
        incremental_strategy='replace_months',
        meta={'months': 'fare_months', 'month_column': 'window_month'},
        indexes=[{'columns': ['window_month', 'taxi_type']}] if target.type == 'postgres' else [],
        post_hook="{{ note_loaded_months(ref('fare_months')) }}",
    )
}}
-- depends_on: {{ ref('fare_months') }}, {{ ref('dim_datetime') }}

with fares as (
    select *
    from {{ ref('stg_zone_fares_15m') }}
    {% if is_incremental() %}
        {% set changed = changed_months(ref('fare_months')) %}
        where ({{ in_months(changed, 'window_month') }}) and ({{ in_months(with_neighbours(changed), 'source_month') }})
    {% endif %}
),

-- The history has two rows for a window that crosses the end of a month: a part in the files of either month.
windows as (
    select
        taxi_type,
        pickup_zone_id,
        window_start,
        window_end,
        window_month,
        cast(sum(trips) as bigint) as trips,
        cast(sum(total_amount_cents) as bigint) as total_amount_cents
    from fares
    group by taxi_type, pickup_zone_id, window_start, window_end, window_month
)

select
    windows.taxi_type,
    windows.pickup_zone_id,
    zones.zone_key as pickup_zone_key,
    windows.window_start,
    windows.window_end,
    date_trunc('hour', windows.window_start) as window_hour_at,
    windows.window_month,
    windows.trips,
    windows.total_amount_cents,
    {{ average_dollars('windows.total_amount_cents', 'windows.trips') }} as avg_total_amount
from windows
left join {{ ref('dim_zones') }} as zones
    on
        windows.pickup_zone_id = zones.zone_id
        and windows.window_start >= zones.valid_from
        and windows.window_start < zones.valid_to
