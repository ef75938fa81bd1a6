-- One statement set for all inserts, so that the topic is read and decoded once.

-- Windowed trips are counted in the windows that end on a quarter of an hour: every trip is in exactly one of them.
insert into sink_on_time_windows
select
    taxi_type, pickup_zone_id, window_end,
    case when mod(minute(window_end), 15) = 0 then added_up('windowed', trips) else trips end,
    total_amount_cents
from zone_fares;

insert into sink_trips
select
    ${trip_columns_before_total},
    counted('on_time', total_amount_cents),
    ${trip_columns_after_total},
    true
from classified
where disposition = 'on_time';

insert into sink_quarantined_arrivals
select
    topic, `partition`, kafka_offset, arrived_at, counted('quarantined', trip_id), taxi_type,
    counted_by('quarantined', 'rule', concat('{', ${broken_rules}, '}')),
    source_file, source_month, pickup_at, dropoff_at, pickup_zone_id, dropoff_zone_id, trip_distance,
    fare_amount_cents, total_amount_cents
from classified
where disposition = 'quarantined';

insert into sink_late_arrivals
select
    topic, `partition`, kafka_offset, arrived_at,
    counted('late_arrivals', trip_id), ${trip_columns_after_id}
from classified
where disposition = 'after_close';

insert into sink_repeated_arrivals
select trip_id, taxi_type, dropoff_minute, added_up('duplicates', copies - 1)
from counted_once
where copies > 1;

insert into sink_dead_letters
select
    topic, `partition`, kafka_offset, arrived_at, record_key,
    counted_by('dead_letters', 'error_class', error_class),
    error, schema_id, payload
from classified
where disposition = 'dead_letter';

insert into sink_dead_letters_topic
select address, payload, headers, arrived_at
from addressed_dead_letters;

insert into sink_received_on_time
select taxi_type, quarter_start, disposition, records
from received_on_time;

insert into sink_on_time_as_read
select taxi_type, dropoff_at as quarter_start, cast(1 as bigint) as records
from classified
where disposition = 'on_time';

insert into sink_received_aside
select taxi_type, quarter_start, disposition, records
from received_aside;
