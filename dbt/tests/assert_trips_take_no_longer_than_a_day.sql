select
    trip_id,
    pickup_at,
    dropoff_at
from {{ ref('fct_trips') }}
where trip_duration_seconds not between 1 and 86400
