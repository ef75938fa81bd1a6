-- Refunds and voids are quarantined, and so is whoever pays more than a thousand dollars.
select
    trip_id,
    total_amount_cents
from {{ ref('fct_trips') }}
where total_amount_cents not between 1 and 100000
