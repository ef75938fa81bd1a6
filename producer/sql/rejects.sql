-- What is left out of the replay, in the order of the file: a line a row, with the first value that does not fit.
with misfits as (
    select
        file_row as unfit_row,
        misfit as unfit_column
    from read_parquet(getvariable('staged'))
    where misfit is not null
),

unfit as (
    select
        source_rows.file_row
        + (select count(*) from torn_rows where kept_before <= source_rows.file_row) as file_row,
        case unfit_column ${names} end as "column",
        case unfit_column ${values} end as value,
        case unfit_column ${reasons} end as reason,
        cast(to_json(struct_pack(${fields})) as varchar) as raw_row
    from source_rows
    inner join misfits on source_rows.file_row = unfit_row
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
