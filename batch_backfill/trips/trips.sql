-- counted → the trips that break no rule. schemas/processed.py defines their columns and order.
select
    ${stored_trip_columns},
    cast(timestampdiff(second, pickup_at, dropoff_at) as int) as trip_duration_seconds
from counted
where broken_rules = ''
