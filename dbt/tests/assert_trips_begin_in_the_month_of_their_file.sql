-- Or a day before or after it: meters have clocks of their own.
select
    trip_id,
    source_month,
    pickup_at
from {{ ref('fct_trips') }}
where
    pickup_at < source_month - interval '1 day'
    or pickup_at >= source_month + interval '1 month' + interval '1 day'
