-- Rows that stand only on one side, each as often as it is missing on the other.
select 'only expected' as side, * from (from expected_rows except all from actual_rows)
union all
select 'only actual' as side, * from (from actual_rows except all from expected_rows)
order by all
