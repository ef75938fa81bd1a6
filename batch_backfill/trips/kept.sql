-- standardised → the rows that the contract can carry, with the values that are constant in a file.
select
    *,
    ${taxi_type} as taxi_type,
    cast(first_day as date) as source_month,
    cast(round(trip_distance * 100) as bigint) as trip_distance_hundredths
from standardised
where misfit is null
