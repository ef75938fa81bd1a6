-- Refunds, voids and totals above a thousand dollars are quarantined.
select
    trip_id,
    total_amount_cents
from {{ ref('fct_trips') }}
where total_amount_cents not between 1 and 100000
