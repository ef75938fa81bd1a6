-- Grain: one row per trip that breaks a rule, with every broken rule in alphabetical order.
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
