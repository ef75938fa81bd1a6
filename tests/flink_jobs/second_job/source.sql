-- The columns of the trips topic that the job needs. Valid trips and progress markers move the watermark.
create temporary table trip_records (
    trip_id string, source_month date, pickup_at timestamp(3), dropoff_at timestamp(3), pickup_zone_id int,
    total_amount_cents bigint, record_key bytes,
    error string metadata from 'value.error' virtual,
    payload bytes metadata from 'value.payload' virtual,
    arrived_at timestamp(3) metadata from 'timestamp' virtual,
    event_time as coalesce(
        case when error is null and ${is_valid} then dropoff_at when ${is_progress_marker} then arrived_at end,
        timestamp '1970-01-01 00:00:00'
    ),
    watermark for event_time as event_time - interval '1' minute
) with (
    'connector' = 'kafka-durable-watermark', 'topic' = '${topic}', ${kafka}, 'properties.group.id' = '${consumer_group}',
    'properties.isolation.level' = 'read_committed',
    'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = '${bounded_mode}',
    'scan.topic-partition-discovery.interval' = '${partition_discovery_seconds} s',
    'key.format' = 'raw', 'key.fields' = 'record_key', 'value.fields-include' = 'EXCEPT_KEY',
    'value.format' = 'avro-confluent-tolerant',
    'value.avro-confluent-tolerant.url' = '${schema_registry_url}',
    'value.avro-confluent-tolerant.required-fields' = 'trip_id;source_month'
);
