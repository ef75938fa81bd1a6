-- Valid trips of a replay whose minute the stream has closed already.
select count(*) as late_trips
from read_parquet($path, file_row_number = true)
where
    is_valid
    and file_row_number >= $first_row
    and file_row_number < $end_row
    and epoch_ms(date_trunc('minute', dropoff_at)) <= $last_closed_minute_ms
