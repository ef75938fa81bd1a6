-- Publications: the trips of a month's file replace the trips that the stream has of that month, in one transaction.
--
-- The rows that the stream wrote stay, and the stream may write them again at any time. A publication adds the trips
-- that the stream lacks (on_time is null), marks those that the file lacks (withdrawn_by), and overwrites the columns
-- that do not identify a trip. From then on a trip that the stream brings for that month is withdrawn at once, unless
-- the publication contains it. So the result does not depend on which comes first. The ledger is not affected.

create table if not exists publications (
    publication bigint generated always as identity primary key,
    run text not null,
    taxi_type text not null,
    source_month date not null,
    published_at timestamptz not null default clock_timestamp(),
    added bigint not null default 0,
    withdrawn bigint not null default 0,
    changed bigint not null default 0
);
create index if not exists publications_month on publications (taxi_type, source_month, publication);

-- Trips as they were before a publication changed or withdrew them; under the first publication of a month, as the
-- stream has written them since. An undo restores them.
create table if not exists replaced_trips (
    publication bigint not null,
    like all_trips,
    primary key (publication, trip_id, dropoff_at)
);

create table if not exists published_quarantined_trips (
    publication bigint not null,
    trip_id uuid not null,
    taxi_type text not null,
    rules text[] not null,
    source_file text not null,
    source_month date not null,
    pickup_at timestamp,
    dropoff_at timestamp,
    pickup_zone_id integer,
    dropoff_zone_id integer,
    trip_distance double precision,
    fare_amount_cents bigint,
    total_amount_cents bigint,
    primary key (publication, trip_id)
);

create or replace view current_publications as
select
    publication,
    run,
    taxi_type,
    source_month,
    published_at,
    added,
    withdrawn,
    changed
from publications
where
    not exists (
        select 1
        from publications as later
        where
            later.taxi_type = publications.taxi_type
            and later.source_month = publications.source_month
            and later.publication > publications.publication
    );

-- The trips that break a rule: of a published month those of its file, else those that the stream has received.
create or replace view quarantined_trips as
select
    arrivals.trip_id,
    arrivals.taxi_type,
    arrivals.rules,
    arrivals.source_file,
    arrivals.source_month,
    arrivals.pickup_at,
    arrivals.dropoff_at,
    arrivals.pickup_zone_id,
    arrivals.dropoff_zone_id,
    arrivals.trip_distance,
    arrivals.fare_amount_cents,
    arrivals.total_amount_cents,
    arrivals.arrived_at,
    arrivals.topic,
    arrivals.partition,
    arrivals.kafka_offset
from first_quarantined_arrivals as arrivals
where
    not exists (
        select 1
        from publications
        where arrivals.taxi_type = publications.taxi_type and arrivals.source_month = publications.source_month
    )
union all
select
    trips.trip_id,
    trips.taxi_type,
    trips.rules,
    trips.source_file,
    trips.source_month,
    trips.pickup_at,
    trips.dropoff_at,
    trips.pickup_zone_id,
    trips.dropoff_zone_id,
    trips.trip_distance,
    trips.fare_amount_cents,
    trips.total_amount_cents,
    null::timestamp as arrived_at,
    null::text as topic,
    null::integer as partition,
    null::bigint as kafka_offset
from published_quarantined_trips as trips
inner join current_publications as publications on trips.publication = publications.publication;
