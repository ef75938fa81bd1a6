-- Values that the contract cannot carry: the count per column, and the first one of each in the file.
select
    misfit,
    count(*) as misfits,
    min(file_row) as first_row
from read_parquet(getvariable('staged'), hive_partitioning = false)
where misfit is not null
group by misfit
order by misfits desc, misfit
