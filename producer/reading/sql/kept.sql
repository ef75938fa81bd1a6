-- The staged rows that the contract can carry, with the values that are constant in a month.
select
    * exclude (misfit),
    '${taxi_type}' as taxi_type,
    '${source_file}' as source_file,
    date '${source_month}' as source_month,
    cast(round(trip_distance * 100) as bigint) as trip_distance_hundredths
from read_parquet(getvariable('staged'), hive_partitioning = false)
where misfit is null
