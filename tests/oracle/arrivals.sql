-- One row per row of the files: exact money, identity, and the sorted list of the rules that it breaks.
create table arrivals as
with measured as (
    select
        file_position,
        row_position,
        getvariable('taxi_type') as taxi_type,
        source_file,
        getvariable('source_month')::date as source_month,
        coalesce(tpep_pickup_datetime, lpep_pickup_datetime) as pickup_at,
        coalesce(tpep_dropoff_datetime, lpep_dropoff_datetime) as dropoff_at,
        pulocationid::integer as pickup_zone_id,
        dolocationid::integer as dropoff_zone_id,
        vendorid::integer as vendor_id,
        passenger_count::integer as passenger_count,
        trip_distance,
        ratecodeid::integer as rate_code_id,
        store_and_fwd_flag,
        payment_type::integer as payment_type,
        trip_type::integer as trip_type,
        round(fare_amount * 100)::bigint as fare_amount_cents,
        round(extra * 100)::bigint as extra_cents,
        round(mta_tax * 100)::bigint as mta_tax_cents,
        round(tip_amount * 100)::bigint as tip_amount_cents,
        round(tolls_amount * 100)::bigint as tolls_amount_cents,
        round(ehail_fee * 100)::bigint as ehail_fee_cents,
        round(improvement_surcharge * 100)::bigint as improvement_surcharge_cents,
        round(congestion_surcharge * 100)::bigint as congestion_surcharge_cents,
        round(airport_fee * 100)::bigint as airport_fee_cents,
        round(total_amount * 100)::bigint as total_amount_cents,
        round(cbd_congestion_fee * 100)::bigint as cbd_congestion_fee_cents
    from tlc_columns
),

rides as (
    select
        *,
        [
            taxi_type,
            coalesce(strftime(pickup_at, '%Y-%m-%d %H:%M:%S'), ''),
            coalesce(strftime(dropoff_at, '%Y-%m-%d %H:%M:%S'), ''),
            coalesce(pickup_zone_id::varchar, ''),
            coalesce(dropoff_zone_id::varchar, ''),
            coalesce(round(trip_distance * 100)::bigint::varchar, ''),
            coalesce(fare_amount_cents::varchar, ''),
            coalesce(total_amount_cents::varchar, '')
        ] as ride
    from measured
),

numbered as (
    select
        *,
        row_number() over (partition by file_position, ride order by row_position) - 1 as ordinal
    from rides
),

broken as (
    select
        *,
        [
            case when total_amount_cents > 100000 then 'implausible_total' end,
            case
                when pickup_at is null or dropoff_at is null
                or pickup_zone_id is null or total_amount_cents is null then 'missing_field'
            end,
            case when dropoff_at <= pickup_at then 'dropoff_not_after_pickup' end,
            case when date_diff('microsecond', pickup_at, dropoff_at) > 86400000000 then 'longer_than_24h' end,
            case when total_amount_cents <= 0 then 'non_positive_total' end,
            case
                when pickup_at < source_month::timestamp - to_days(1)
                or pickup_at >= source_month::timestamp + to_months(1) + to_days(1) then 'outside_source_month'
            end,
            case when pickup_zone_id < 1 or pickup_zone_id > 265 then 'unknown_pickup_zone' end
        ] as verdicts
    from numbered
)

select
    md5(concat(array_to_string(ride, '|'), '|', ordinal))::uuid as trip_id,
    * exclude (ride, ordinal, verdicts),
    list_sort(list_filter(verdicts, lambda verdict: verdict is not null)) as rules
from broken;
