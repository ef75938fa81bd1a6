-- The number of trips of a prepared month in each zone.
select
    ${zone} as zone_id,
    count(*) as trips
from read_parquet($path, hive_partitioning = false)
where zone_id is not null
group by zone_id
