-- Phase 1: a histogram, which aggregates partially. Phase 2: rank only the trips of the bucket that holds the
-- percentile.
with bars as (
    select
        zone_id,
        total_amount_cents div 1000 as bar,
        count(*) as trips
    from trips
    group by zone_id, total_amount_cents div 1000
),

running as (
    select
        *,
        sum(trips) over (partition by zone_id order by bar) as trips_so_far,
        ceil(sum(trips) over (partition by zone_id) * 0.95) as wanted
    from bars
),

chosen as (
    select
        zone_id,
        bar,
        wanted - (trips_so_far - trips) as place_in_bar
    from running
    where wanted <= trips_so_far and wanted > trips_so_far - trips
),

ranked as (
    select /*+ broadcast(chosen) */
        trips.zone_id,
        trips.total_amount_cents,
        chosen.place_in_bar,
        row_number() over (partition by trips.zone_id order by trips.total_amount_cents) as place
    from trips
    inner join chosen on trips.zone_id = chosen.zone_id and trips.total_amount_cents div 1000 = chosen.bar
)

select
    zone_id,
    total_amount_cents as percentile_cents
from ranked
where place = place_in_bar
