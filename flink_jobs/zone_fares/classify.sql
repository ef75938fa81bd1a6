-- Decides once where each record goes. Nothing downstream drops a row, so the ledger adds up.
--
-- A trip is after_close when its minute had closed before the trip arrived. The first test reads only the record: its
-- Kafka timestamp is the event clock of the replay. The second test reads the earlier records of its partition,
-- through closed_until. It is for publishers whose timestamps do not follow the event clock, and for two publishers
-- with different clocks. So the result is the same in every run, at any speed and after any restart, and the windows
-- accept every trip that is on_time. A trip that ended after its publisher's clock moves no watermark, so no window of
-- the job can hold it. It counts as a late trip.
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
        when floor(dropoff_at to minute) + interval '59.999' second <= closed_until then 'after_close'
        else 'on_time'
    end as disposition
from trip_records;
