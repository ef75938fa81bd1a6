-- Rows that exist on one side only, each as often as the other side lacks it.
select 'only expected' as side, * from (from expected_rows except all from actual_rows)
union all
select 'only actual' as side, * from (from actual_rows except all from expected_rows)
order by all
