-- Several prepared months → one, in event order.
select *
from read_parquet(getvariable('paths'))
order by replay_at, trip_id
