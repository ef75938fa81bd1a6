-- Selects directly from the source: with one more `select *` in between, DuckDB would open the files of every month.
with renamed as (
    select
        cast(trip_id as uuid) as trip_id,
        taxi_type,
        source_file,
        {{ source_month('source_month') }} as source_month,
        pickup_at,
        dropoff_at,
        cast(extract(epoch from (dropoff_at - pickup_at)) as integer) as trip_duration_seconds,
        {{ remaining_trip_columns(
            named=['trip_id', 'taxi_type', 'source_file', 'source_month', 'pickup_at', 'dropoff_at']
        ) }}
    from {{ source('taxi', 'trips') }}
)

select * from renamed
