with source as (
    select * from {{ source('taxi', 'trips') }}
),

renamed as (
    select
        cast(trip_id as uuid) as trip_id,
        taxi_type,
        source_file,
        {{ source_month('source_month') }} as source_month,
        pickup_at,
        dropoff_at,
        cast(extract(epoch from (dropoff_at - pickup_at)) as integer) as trip_duration_seconds,
        pickup_zone_id,
        dropoff_zone_id,
        vendor_id,
        passenger_count,
        trip_distance,
        rate_code_id,
        store_and_fwd_flag,
        payment_type,
        trip_type,
        fare_amount_cents,
        extra_cents,
        mta_tax_cents,
        tip_amount_cents,
        tolls_amount_cents,
        ehail_fee_cents,
        improvement_surcharge_cents,
        congestion_surcharge_cents,
        airport_fee_cents,
        cbd_congestion_fee_cents,
        total_amount_cents
    from source
)

select * from renamed
