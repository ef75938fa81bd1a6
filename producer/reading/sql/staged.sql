-- The number of readable rows of a month, of rows with a value that does not fit, and of lines that are not rows.
select
    count(*) as readable,
    count(misfit) as misfits,
    (select count(*) from torn_rows) as torn
from read_parquet(getvariable('staged'), hive_partitioning = false)
