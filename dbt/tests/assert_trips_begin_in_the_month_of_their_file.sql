-- One day before or after the month is allowed: the clocks of meters are not synchronised.
select
    trip_id,
    source_month,
    pickup_at
from {{ ref('fct_trips') }}
where
    pickup_at < source_month - interval '1 day'
    or pickup_at >= source_month + interval '1 month' + interval '1 day'
