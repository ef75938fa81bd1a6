-- A few valid trips, spread evenly over the rows of a replay, including the first and the last.
with numbered as (
    select
        trip_id,
        epoch_ms(dropoff_at) as dropoff_ms,
        row_number() over (order by file_row_number) as number,
        count(*) over () as trips
    from read_parquet($path, file_row_number = true)
    where
        is_valid
        and file_row_number >= $start_row
        and file_row_number < $end_row
)

select trip_id, dropoff_ms
from numbered
where (number - 1) % greatest(1, trips // $wanted) = 0 or number = trips
order by number
