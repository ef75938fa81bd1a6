-- source: the rows of a month under canonical names, with the types of the vintage → the types of the contract.
-- `misfit` names the first column whose value the contract cannot carry. Columns that are constant in a month are
-- added last.
select
    file_row,
    ${cast_columns},
    -- The contract has no columns for the Black Car Fund and the sales tax, so the total is the sum of its parts.
    coalesce(cents(extra), sum_of(cents(bcf), part(sales_tax)), cents(sales_tax)) as extra_cents,
    -- High-volume trips (fhvhv) have no total.
    case '${taxi_type}'
        when 'fhvhv'
            then
                sum_of(
                    cents(fare_amount),
                    part(tolls_amount) + part(bcf) + part(sales_tax) + part(congestion_surcharge)
                    + part(airport_fee) + part(tip_amount) + part(cbd_congestion_fee)
                )
        else cents(total_amount)
    end as total_amount_cents,
    ${misfit} as misfit
from source
