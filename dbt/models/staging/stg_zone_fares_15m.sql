-- Selects directly from the source: with one more `select *` in between, DuckDB would open the files of every month.
with renamed as (
    select
        taxi_type,
        {{ source_month("cast(date_trunc('month', window_end) as date)") }} as source_month,
        cast(date_trunc('month', window_end) as date) as window_month,
        pickup_zone_id,
        window_start,
        window_end,
        trips,
        total_amount_cents
    from {{ source('taxi', 'zone_fares_15m') }}
)

select * from renamed
