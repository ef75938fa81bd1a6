-- standardised → rows read per file, and rows that do not fit the contract, by the first column that does not fit.
select
    file_position,
    misfit,
    count(*) as trips
from standardised
group by file_position, misfit
