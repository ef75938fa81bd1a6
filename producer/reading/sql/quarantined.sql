-- The number of trips of a prepared month, and how many of them break a rule.
select
    count(*) as trips,
    count(*) filter (where not is_valid) as quarantined_trips
from read_parquet($path, hive_partitioning = false)
