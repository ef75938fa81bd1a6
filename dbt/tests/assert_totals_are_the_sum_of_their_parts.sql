-- In the TLC's own data 85 to 99 of a hundred trips agree: some files leave surcharges out of the total, or count them
-- twice. A month in which fewer than four of five agree was damaged by the pipeline.
with compared as (
    select
        taxi_type,
        source_month,
        abs(total_amount_cents - ({{ sum_of_trip_parts() }})) <= 1 as agrees
    from {{ ref('fct_trips') }}
    where fare_amount_cents is not null
)

select
    taxi_type,
    source_month,
    count(*) as trips,
    sum(case when agrees then 1 else 0 end) as agreeing_trips
from compared
group by taxi_type, source_month
having sum(case when agrees then 1 else 0 end) < 0.8 * count(*)
