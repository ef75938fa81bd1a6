-- The trips topic. A record that cannot be decoded, or that no sink could store, has nulls in every column and the
-- reason in `error`.
--
-- event_time moves the watermark, so only trusted values set it: the drop-off of a valid trip, and the timestamp of a
-- progress marker. All other records get the epoch, which moves nothing: one drop-off in 2041 would make every later
-- trip late, and a null would fail the job. A valid trip that ended after the clock of its publisher is not trusted
-- either: it names its month itself, and no trip moves the watermark beyond that clock.
--
-- closed_until is the watermark of the record's own partition before that record, kept across restarts. It is null at
-- the beginning. No window has closed beyond it (flink_jobs/java, RememberWatermark).
create temporary table trip_records (
    ${trip_column_definitions},
    record_key bytes,
    error_class string metadata from 'value.error_class' virtual,
    error string metadata from 'value.error' virtual,
    schema_id int metadata from 'value.schema_id' virtual,
    payload bytes metadata from 'value.payload' virtual,
    arrived_at timestamp(3) metadata from 'timestamp' virtual,
    topic string metadata virtual,
    `partition` int metadata virtual,
    kafka_offset bigint metadata from 'offset' virtual,
    closed_until timestamp(3) metadata from 'closed-until' virtual,
    event_time as coalesce(
        case
            when error is null and ${is_valid} and not ${is_ahead_of_its_clock} then dropoff_at
            when ${is_progress_marker} then arrived_at
        end,
        timestamp '1970-01-01 00:00:00'
    ),
    watermark for event_time as event_time - interval '${max_disorder_minutes}' minute
) with (
    'connector' = 'kafka-durable-watermark',
    'topic' = '${topic}',
    ${kafka},
    'properties.group.id' = '${consumer_group}',
    -- Records of aborted transactions are not read.
    'properties.isolation.level' = 'read_committed',
    'scan.startup.mode' = 'earliest-offset',
    'scan.topic-partition-discovery.interval' = '${partition_discovery_seconds} s',
    'scan.bounded.mode' = '${bounded_mode}',
    'key.format' = 'raw',
    'key.fields' = 'record_key',
    'value.fields-include' = 'EXCEPT_KEY',
    'value.format' = 'avro-confluent-tolerant',
    'value.avro-confluent-tolerant.url' = '${schema_registry_url}',
    'value.avro-confluent-tolerant.required-fields' = '${required_trip_columns}',
    'value.avro-confluent-tolerant.uuid-fields' = '${uuid_trip_columns}',
    ${trip_bounds}
);
