-- What was read, counted before any of it is dealt with: the debit side of taxi.trip_ledger.

-- On-time trips are counted twice: here in event-time windows, as those of windows.sql are, and by sink_on_time_as_read
-- without event time, before anything can be dropped. Where a window drops a trip, the two differ.
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

-- The rest has no event time to rely on, so it is counted record by record. A late trip belongs to the quarter of its
-- drop-off; a quarantined trip's drop-off may be null or wild, so it belongs to the quarter of its arrival.
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
