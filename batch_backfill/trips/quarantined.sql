-- counted → the trips that break a rule, with every rule that they break.
select
    trip_id,
    split(broken_rules, ',') as rules,
    source_file,
    source_month,
    pickup_at,
    dropoff_at,
    pickup_zone_id,
    dropoff_zone_id,
    trip_distance,
    fare_amount_cents,
    total_amount_cents
from counted
where broken_rules <> ''
