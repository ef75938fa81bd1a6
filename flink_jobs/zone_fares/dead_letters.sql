-- Dead letters for other consumers: the original bytes, keyed by their address in the trips topic. A restart of the
-- job repeats those since its newest checkpoint, so consumers must count by key. A record of Kafka's maximum size
-- would not fit together with its address and error: its value is left out here and stored in taxi.dead_letters.

create temporary view addressed_dead_letters as
select
    concat_ws('/', topic, cast(`partition` as string), cast(kafka_offset as string)) as address,
    case when payload_bytes <= ${most_published_bytes} then payload end as payload,
    map[
        'topic', encode(topic, 'utf-8'),
        'partition', encode(cast(`partition` as string), 'utf-8'),
        'offset', encode(cast(kafka_offset as string), 'utf-8'),
        'error_class', encode(error_class, 'utf-8'),
        'error', encode(error, 'utf-8'),
        'payload_bytes', encode(cast(coalesce(payload_bytes, 0) as string), 'utf-8')
    ] as headers,
    cast(arrived_at as timestamp_ltz(3)) as arrived_at
from (
    -- In this encoding each byte is one character, and Flink can only count characters.
    select *, char_length(decode(payload, 'iso-8859-1')) as payload_bytes
    from classified
    where disposition = 'dead_letter'
);

create temporary table sink_dead_letters_topic (
    address string,
    payload bytes,
    headers map<string, bytes> metadata,
    arrived_at timestamp_ltz(3) metadata from 'timestamp'
) with (
    'connector' = 'kafka',
    'topic' = '${dead_letters_topic}',
    ${kafka},
    'key.format' = 'raw',
    'key.fields' = 'address',
    'value.format' = 'raw',
    'value.fields-include' = 'EXCEPT_KEY',
    'sink.delivery-guarantee' = 'at-least-once'
);
