-- Counts the valid trips that a replay still has to publish, and those whose minute the stream has already closed. The
-- latter exclude trips that the replay delays on purpose: those are meant to find their minute closed.
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
