-- Where the number of a window comes from, in the order in which the page lists it.
select
    part,
    says,
    trips,
    total_amount_cents,
    trip_id::text as trip_id
from taxi.explain_window(%(taxi_type)s, %(zone_id)s::integer, %(at)s::timestamp)
