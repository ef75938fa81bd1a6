-- The number of windows, a digest that does not depend on their order, and the largest error of an average.
select
    count(*) as windows,
    cast(sum(hash(
        cast(pickup_zone_id as bigint), cast(window_start as timestamp), cast(window_end as timestamp), cast(trips as bigint),
        cast(total_amount_cents as bigint)
    )) as varchar) as digest,
    max(abs(avg_total_amount - total_amount_cents / (100.0 * trips))) as largest_error
from read_parquet('${folder}/**/*.parquet')
