with source as (
    select * from {{ ref('taxi_zones') }}
),

renamed as (
    select
        zone_id,
        zone_name,
        borough,
        service_zone
    from source
)

select * from renamed
