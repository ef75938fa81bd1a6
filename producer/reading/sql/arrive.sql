-- prepared → the same trips in order of arrival, when some are delayed. The delay depends on the trip_id and the seed
-- only, so every run delays the same trips by the same seconds.
with drawn as (
    select
        *,
        md5_number_lower(trip_id || '|disorder|' || ${seed}) % (${disorder_seconds} + 1) as disorder_seconds,
        case
            when ${stores_and_forwards} and is_valid and store_and_fwd_flag = 'Y' then
                ${least_forward_seconds}
                + md5_number_lower(trip_id || '|forward|' || ${seed})
                % (${most_forward_seconds} - ${least_forward_seconds} + 1)
            else 0
        end as forward_seconds
    from prepared
)

select
    * exclude (disorder_seconds, forward_seconds)
    replace (replay_at + to_seconds(cast(greatest(disorder_seconds, forward_seconds) as bigint)) as replay_at)
from drawn
order by replay_at, trip_id
