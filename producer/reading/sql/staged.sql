-- How many rows of a month could be read, how many of them have a value that does not fit, and how many lines are none.
select
    count(*) as readable,
    count(misfit) as misfits,
    (select count(*) from torn_rows) as torn
from read_parquet(getvariable('staged'), hive_partitioning = false)
