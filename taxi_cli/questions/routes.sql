select
    pickups.zone_name as pickup_zone,
    dropoffs.zone_name as dropoff_zone,
    count(*) as trips,
    round(extract(epoch from avg(trips.dropoff_at - trips.pickup_at)) / 60, 1) as average_minutes,
    round(avg(trips.total_amount_cents) / 100, 2) as average_dollars
from taxi.trips
inner join taxi.zones as pickups on trips.pickup_zone_id = pickups.zone_id
inner join taxi.zones as dropoffs on trips.dropoff_zone_id = dropoffs.zone_id
where
    trips.taxi_type = 'green'
    and trips.dropoff_at >= '2023-12-01'
    and trips.dropoff_at < '2024-01-01'
    and trips.pickup_zone_id <> trips.dropoff_zone_id
group by pickups.zone_id, dropoffs.zone_id
order by trips desc, pickup_zone asc, dropoff_zone asc
limit 5
