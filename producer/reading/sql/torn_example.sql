-- The commonest way in which lines are broken, and the first of them.
select
    error_type,
    min(file_row) + 1 as first_row
from torn_rows
group by error_type
order by count(*) desc, error_type
limit 1
