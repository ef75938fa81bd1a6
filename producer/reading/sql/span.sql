-- The content of a replay of this prepared month between two instants of the event clock.
with prepared as (
    select
        *,
        replay_at < coalesce($from_at, replay_at) as is_before,
        replay_at >= coalesce($from_at, replay_at) and replay_at < coalesce($to_at, timestamp 'infinity') as is_inside
    from read_parquet($path, hive_partitioning = false)
)

select
    count(*) filter (where is_before) as first_row,
    count(*) filter (where is_inside) as trips,
    count(*) filter (where is_inside and is_valid) as valid_trips,
    count(*) filter (where is_inside and is_valid and ${comes_late}) as late_trips,
    epoch_ms(min(replay_at) filter (where is_inside)) as first_ms,
    epoch_ms(max(replay_at) filter (where is_inside)) as last_ms,
    epoch_ms(max(dropoff_at) filter (where is_inside and is_valid)) as last_valid_dropoff_ms
from prepared
