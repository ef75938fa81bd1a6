-- Grain: one row a trip that breaks a rule, with every rule that it breaks in the order of the alphabet.
create view expected_quarantined as
select
    trip_id,
    taxi_type,
    rules,
    source_file,
    source_month,
    pickup_at,
    dropoff_at,
    pickup_zone_id,
    dropoff_zone_id,
    trip_distance,
    fare_amount_cents,
    total_amount_cents
from trips
where len(rules) > 0;
