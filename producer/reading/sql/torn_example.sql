-- The most common way in which lines are broken, and its first example.
select
    error_type,
    min(file_row) + 1 as first_row
from torn_rows
group by error_type
order by count(*) desc, error_type
limit 1
