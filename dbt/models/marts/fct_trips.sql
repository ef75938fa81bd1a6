{{
    config(
        materialized='incremental',
        incremental_strategy='replace_months',
        meta={'months': 'trip_months', 'month_column': 'source_month'},
        indexes=[{'columns': ['source_month', 'taxi_type']}] if target.type == 'postgres' else [],
        post_hook="{{ note_loaded_months(ref('trip_months')) }}",
    )
}}
-- depends_on: {{ ref('trip_months') }}, {{ ref('dim_datetime') }}

with trips as (
    select
        *,
        -- 264 is the TLC's own code for an unknown zone.
        case when dropoff_zone_id between 1 and 265 then dropoff_zone_id else 264 end as known_dropoff_zone_id
    from {{ ref('stg_trips') }}
    {% if is_incremental() %}
        where {{ in_months(changed_months(ref('trip_months')), 'source_month') }}
    {% endif %}
)

select
    trips.trip_id,
    trips.taxi_type,
    trips.source_file,
    trips.source_month,
    trips.pickup_at,
    trips.dropoff_at,
    date_trunc('hour', trips.pickup_at) as pickup_hour_at,
    date_trunc('hour', trips.dropoff_at) as dropoff_hour_at,
    trips.trip_duration_seconds,
    trips.pickup_zone_id,
    trips.dropoff_zone_id,
    pickup_zones.zone_key as pickup_zone_key,
    dropoff_zones.zone_key as dropoff_zone_key,
    {{ remaining_trip_columns(
        named=[
            'trip_id', 'taxi_type', 'source_file', 'source_month', 'pickup_at', 'dropoff_at',
            'pickup_zone_id', 'dropoff_zone_id'
        ],
        relation='trips'
    ) }}
from trips
left join {{ ref('dim_zones') }} as pickup_zones
    on
        trips.pickup_zone_id = pickup_zones.zone_id
        and trips.dropoff_at >= pickup_zones.valid_from
        and trips.dropoff_at < pickup_zones.valid_to
left join {{ ref('dim_zones') }} as dropoff_zones
    on
        trips.known_dropoff_zone_id = dropoff_zones.zone_id
        and trips.dropoff_at >= dropoff_zones.valid_from
        and trips.dropoff_at < dropoff_zones.valid_to
