-- The arrivals to compare: each trip once, at its first arrival, or every arrival, if repeats count.
create table trips as
select *
from arrivals
qualify
    getvariable('count_repeats')
    or row_number() over (partition by trip_id order by file_position, row_position) = 1;
