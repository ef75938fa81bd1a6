-- identified → each trip once: of the files of a month the first that has it.
with copies as (
    select
        *,
        row_number() over (partition by trip_id order by file_position, file_row) as copy
    from identified
)

select *
from copies
where copy = 1
