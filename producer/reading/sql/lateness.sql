-- Valid trips among the rows that a replay has still to publish, and those whose minute the stream has closed already.
-- Trips that come late on purpose are not among the latter: that they find their minute closed is what is wanted.
select
    count(*) as valid_trips,
    count(*) filter (
        where epoch_ms(date_trunc('minute', dropoff_at)) <= $last_closed_minute_ms and not ${comes_late}
    ) as late_trips
from read_parquet($path, file_row_number = true, hive_partitioning = false)
where
    is_valid
    and file_row_number >= $start_row
    and file_row_number < $end_row
