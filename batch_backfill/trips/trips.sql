-- counted → the trips that break no rule. Their columns and order: schemas/processed.py.
select
    ${stored_trip_columns},
    cast(timestampdiff(second, pickup_at, dropoff_at) as int) as trip_duration_seconds
from counted
where broken_rules = ''
