-- Where each record goes, decided once. Nothing downstream drops a row, so the ledger adds up.
--
-- A trip is after_close when its minute had closed before it arrived. The first test reads only the record: its
-- Kafka timestamp is the event clock of the replay, so the answer is the same in every run, at any speed and after
-- any restart (a restarted source has no watermark for a moment, but the windows remember theirs and would drop the
-- row). The second test catches publishers whose timestamps do not follow the event clock. A trip that ended after its
-- publisher's clock moves no watermark, so it can be in no window of the job; it is counted like a late one.
create temporary view classified as
select
    *,
    case
        when ${is_progress_marker} then 'progress_marker'
        when error is not null then 'dead_letter'
        when not (${is_valid}) then 'quarantined'
        when ${is_ahead_of_its_clock} then 'after_close'
        when
            floor(dropoff_at to minute) + interval '59.999' second
            <= arrived_at - interval '${max_disorder_minutes}' minute then 'after_close'
        when
            current_watermark(event_time) is not null
            and floor(dropoff_at to minute) + interval '59.999' second <= current_watermark(event_time)
            then 'after_close'
        else 'on_time'
    end as disposition
from trip_records;
