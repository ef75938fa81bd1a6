-- identified → each trip once: the copy in the first file of the month that contains it.
with copies as (
    select
        *,
        row_number() over (partition by trip_id order by file_position, file_row) as copy
    from identified
)

select *
from copies
where copy = 1
