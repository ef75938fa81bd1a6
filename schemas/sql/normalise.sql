-- source: the rows of a month under canonical names, as the vintage stored them → the types of the contract.
-- `misfit` names the first column whose value the contract cannot carry. Constants of a month come last of all.
select
    file_row,
    clock(pickup_at) as pickup_at,
    clock(dropoff_at) as dropoff_at,
    whole(pickup_zone_id) as pickup_zone_id,
    whole(dropoff_zone_id) as dropoff_zone_id,
    whole(vendor_id) as vendor_id,
    whole(passenger_count) as passenger_count,
    finite(trip_distance) as trip_distance,
    whole(rate_code_id) as rate_code_id,
    cast(store_and_fwd_flag as string) as store_and_fwd_flag,
    whole(payment_type) as payment_type,
    whole(trip_type) as trip_type,
    cents(fare_amount) as fare_amount_cents,
    -- The contract has no columns for the Black Car Fund and the sales tax; so the total is the sum of its parts.
    coalesce(cents(extra), sum_of(cents(bcf), part(sales_tax)), cents(sales_tax)) as extra_cents,
    cents(mta_tax) as mta_tax_cents,
    cents(tip_amount) as tip_amount_cents,
    cents(tolls_amount) as tolls_amount_cents,
    cents(ehail_fee) as ehail_fee_cents,
    cents(improvement_surcharge) as improvement_surcharge_cents,
    cents(congestion_surcharge) as congestion_surcharge_cents,
    cents(airport_fee) as airport_fee_cents,
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
    cents(cbd_congestion_fee) as cbd_congestion_fee_cents,
    ${misfit} as misfit
from source
