insert into sink_trips_per_hour
select pickup_zone_id, window_start, count(distinct trip_id)
from table(tumble(
    (select event_time, pickup_zone_id, trip_id from trip_records where error is null and ${is_valid}),
    descriptor(event_time), interval '1' hour
))
group by window_start, window_end, pickup_zone_id;
