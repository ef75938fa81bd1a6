-- Functions that count the rows that pass through them and change nothing (flink_jobs/java). A counter covers the
-- current run of a task: it starts at 0 with each start, and rows that a restart repeats are counted again. For counts
-- that are exact at any time, use taxi.trip_ledger.

create temporary system function counted as 'nyc.taxi.flink.Counted';

create temporary system function counted_by as 'nyc.taxi.flink.CountedBy';

create temporary system function added_up as 'nyc.taxi.flink.AddedUp';
