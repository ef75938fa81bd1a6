-- The tables of schemas/postgres, with the same keys: every write is an upsert, so a replay after a failure changes
-- nothing. A row that Postgres refuses (SQLSTATE classes 22, 23 and 54) becomes a dead letter and does not stop the
-- job.

create temporary table sink_on_time_windows (
    taxi_type string,
    pickup_zone_id int,
    window_end timestamp(3),
    trips bigint,
    total_amount_cents bigint,
    primary key (pickup_zone_id, taxi_type, window_end) not enforced
) with (${postgres_prompt}, ${refused_rows}, 'table-name' = '${table_set}.on_time_windows');

create temporary table sink_trips (
    ${trip_column_definitions},
    on_time boolean,
    primary key (trip_id, dropoff_at) not enforced
) with (${postgres}, ${refused_rows}, 'table-name' = '${table_set}.all_trips');

create temporary table sink_quarantined_arrivals (
    topic string,
    `partition` int,
    kafka_offset bigint,
    arrived_at timestamp(3),
    trip_id string,
    taxi_type string,
    rules string,
    source_file string,
    source_month date,
    pickup_at timestamp(3),
    dropoff_at timestamp(3),
    pickup_zone_id int,
    dropoff_zone_id int,
    trip_distance double,
    fare_amount_cents bigint,
    total_amount_cents bigint,
    primary key (topic, `partition`, kafka_offset) not enforced
) with (${postgres}, ${refused_rows}, 'table-name' = '${table_set}.quarantined_arrivals');

create temporary table sink_late_arrivals (
    topic string,
    `partition` int,
    kafka_offset bigint,
    arrived_at timestamp(3),
    ${trip_column_definitions},
    primary key (topic, `partition`, kafka_offset) not enforced
) with (${postgres_prompt}, ${refused_rows}, 'table-name' = '${table_set}.late_arrivals');

create temporary table sink_repeated_arrivals (
    trip_id string,
    taxi_type string,
    dropoff_minute timestamp(3),
    repeats bigint,
    primary key (trip_id, dropoff_minute) not enforced
) with (${postgres}, ${refused_rows}, 'table-name' = '${table_set}.repeated_arrivals');

create temporary table sink_dead_letters (
    topic string,
    `partition` int,
    kafka_offset bigint,
    arrived_at timestamp(3),
    record_key bytes,
    error_class string,
    error string,
    schema_id int,
    payload bytes,
    primary key (topic, `partition`, kafka_offset) not enforced
) with (${postgres}, ${refused_rows}, 'table-name' = '${table_set}.dead_letters');

-- Two sink tables for one Postgres table, so that each writer has its own name in the dashboard and its own keys.
create temporary table sink_received_on_time (
    taxi_type string,
    quarter_start timestamp(3),
    disposition string,
    records bigint,
    primary key (taxi_type, quarter_start, disposition) not enforced
) with (${postgres}, ${refused_rows}, 'table-name' = '${table_set}.received_records');

create temporary table sink_received_aside (
    taxi_type string,
    quarter_start timestamp(3),
    disposition string,
    records bigint,
    primary key (taxi_type, quarter_start, disposition) not enforced
) with (${postgres}, ${refused_rows}, 'table-name' = '${table_set}.received_records');

-- Each inserted row counts as one, in the quarter of an hour of its clock (flink_jobs/java, CountingTableSink).
create temporary table sink_on_time_as_read (
    taxi_type string,
    quarter_start timestamp(3),
    records bigint,
    primary key (taxi_type, quarter_start) not enforced
) with (${postgres_counting}, ${refused_rows}, 'table-name' = '${table_set}.on_time_as_read');
