-- The trips topic. A record that cannot be decoded, or that no sink could store, has nulls in every column and says
-- why in `error`.
--
-- event_time moves the watermark, so only what can be trusted may set it: the drop-off of a valid trip, and the
-- timestamp of a progress marker. Everything else stays at the epoch, where it moves nothing: one drop-off in 2041
-- would make every later trip late, and a null would fail the job. Nor is a valid trip trusted that ended after the
-- clock of its publisher: the month that it names is its own word, and no trip moves the watermark beyond that clock.
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
    event_time as coalesce(
        case
            when error is null and ${is_valid} and not ${is_ahead_of_its_clock} then dropoff_at
            when ${is_progress_marker} then arrived_at
        end,
        timestamp '1970-01-01 00:00:00'
    ),
    watermark for event_time as event_time - interval '${max_disorder_minutes}' minute
) with (
    'connector' = 'kafka',
    'topic' = '${topic}',
    ${kafka},
    'properties.group.id' = '${consumer_group}',
    -- What a transaction sent that was aborted is no record.
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
