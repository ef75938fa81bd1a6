-- Lines of a CSV that are no rows of its table, by their place among all lines with rows (from 0 on). `kept_before`
-- counts the rows before it that could be read. A quoted value that does not end takes several lines with it.
with torn as (
    select
        line - 1 - ${lines_before_rows} as file_row,
        any_value(error_type order by column_idx) as error_type,
        string_split(ltrim(any_value(csv_line), chr(13) || chr(10)), chr(10)) as raw_rows
    from reject_errors
    group by line
),

lines as (
    select
        error_type,
        unnest(range(len(raw_rows))) + file_row as file_row,
        rtrim(unnest(raw_rows), chr(13)) as raw_row
    from torn
)

select
    *,
    file_row + 1 - row_number() over (order by file_row) as kept_before
from lines
