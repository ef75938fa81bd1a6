-- standardised → how many rows of each file could be read, and how many do not fit, by the first column that does not.
select
    file_position,
    misfit,
    count(*) as trips
from standardised
group by file_position, misfit
order by file_position, trips desc, misfit
