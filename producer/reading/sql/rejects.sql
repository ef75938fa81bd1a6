-- Rows left out of the replay, in the order of the file: one line per row, with the first value that does not fit.
with misfits as (
    select
        file_row as unfit_row,
        misfit as unfit_column
    from read_parquet(getvariable('staged'), hive_partitioning = false)
    where misfit is not null
),

torn_before as (
    select
        kept_before,
        max(file_row) - kept_before + 1 as lines
    from torn_rows
    group by kept_before
),

unfit as (
    select
        source_rows.file_row + coalesce(torn_before.lines, 0) as file_row,
        case unfit_column ${names} end as "column",
        case unfit_column ${values} end as value,
        case unfit_column ${reasons} end as reason,
        cast(to_json(struct_pack(${fields})) as varchar) as raw_row
    from source_rows
    inner join misfits on source_rows.file_row = unfit_row
    asof left join torn_before on unfit_row >= kept_before
),

torn as (
    select
        file_row,
        null as "column",
        null as value,
        case error_type ${torn_reasons} else error_type end as reason,
        raw_row
    from torn_rows
)

select
    file_row + 1 as "row",
    * exclude (file_row)
from (from unfit union all from torn)
order by "row"
