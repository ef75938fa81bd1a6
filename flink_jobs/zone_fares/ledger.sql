-- Counts the records as they are read, before any processing: the debit side of taxi.trip_ledger.

-- On-time trips are counted twice: here in event-time windows, as in windows.sql, and by sink_on_time_as_read without
-- event time, before anything can be dropped. If a window drops a trip, the two counts differ.
create temporary view received_on_time as
select
    taxi_type,
    window_start as quarter_start,
    'on_time' as disposition,
    count(*) as records
from
    table(
        tumble(
            (select event_time, taxi_type from classified where disposition = 'on_time'),
            descriptor(event_time),
            interval '15' minute
        )
    )
group by window_start, window_end, taxi_type;

-- The other records have no reliable event time, so they are counted one by one. A late trip belongs to the quarter of
-- its drop-off. The drop-off of a quarantined trip may be null or wrong, so that trip belongs to the quarter of its
-- arrival.
create temporary view received_aside as
select
    taxi_type,
    quarter_start,
    disposition,
    count(*) as records
from (
    select
        coalesce(taxi_type, 'unknown') as taxi_type,
        disposition,
        timestampadd(
            minute,
            cast(extract(minute from ledger_at) / 15 as int) * 15,
            floor(ledger_at to hour)
        ) as quarter_start
    from (
        select
            taxi_type,
            case
                when disposition = 'progress_marker' then counted('progress_markers', disposition)
                else disposition
            end as disposition,
            case when disposition = 'after_close' then dropoff_at else arrived_at end as ledger_at
        from classified
        where disposition <> 'on_time'
    )
)
group by taxi_type, quarter_start, disposition;
