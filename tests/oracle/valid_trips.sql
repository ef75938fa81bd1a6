-- Grain: one row per trip that breaks no rule. The columns of taxi.trips.
create view expected_valid_trips as
select
    trip_id,
    taxi_type,
    source_file,
    source_month,
    pickup_at,
    dropoff_at,
    pickup_zone_id,
    dropoff_zone_id,
    vendor_id,
    passenger_count,
    trip_distance,
    rate_code_id,
    store_and_fwd_flag,
    payment_type,
    trip_type,
    fare_amount_cents,
    extra_cents,
    mta_tax_cents,
    tip_amount_cents,
    tolls_amount_cents,
    ehail_fee_cents,
    improvement_surcharge_cents,
    congestion_surcharge_cents,
    airport_fee_cents,
    total_amount_cents,
    cbd_congestion_fee_cents
from trips
where len(rules) = 0;
