-- Lines of a CSV that are not rows of its table, by their position among all rows (from 0 on). `kept_before` counts
-- the readable rows before the line. Line 2 of the file is the first row. A line that was known to be torn before the
-- CSV was read contains only the mark of schemas/csv_rows.py, with the reason and the line.
with torn as (
    select
        line - 2 as file_row,
        any_value(error_type order by column_idx) as error_type,
        rtrim(ltrim(any_value(csv_line), chr(13) || chr(10)), chr(13) || chr(10)) as csv_line
    from reject_errors
    group by line
),

marked as (
    select
        *,
        starts_with(csv_line, '"${torn_mark}') as is_marked
    from torn
)

select
    file_row,
    case when is_marked then split_part(csv_line, '${torn_mark}', 2) else error_type end as error_type,
    case
        when is_marked
            then replace(regexp_replace(csv_line, '^[^${torn_mark}]*${torn_mark}[^${torn_mark}]*${torn_mark}|"$', '', 'g'), '""', '"')
        else csv_line
    end as raw_row,
    file_row + 1 - row_number() over (order by file_row) as kept_before
from marked
