-- The newest comparison of each taxi type's months.
select distinct on (taxi_type)
    taxi_type,
    month,
    unexplained
from taxi.parity_reports
order by taxi_type asc, compared_at desc, report desc
