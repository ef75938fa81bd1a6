-- Functions that count the rows that pass them and change nothing (flink_jobs/java). What they count is what this run
-- of a task has processed: they begin at 0 with each start, and rows that a restart repeats are counted again. Exact
-- at every time is taxi.trip_ledger.

create temporary system function counted as 'nyc.taxi.flink.Counted';

create temporary system function counted_by as 'nyc.taxi.flink.CountedBy';

create temporary system function added_up as 'nyc.taxi.flink.AddedUp';
