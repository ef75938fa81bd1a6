select
    days.date_day,
    hours.holiday_name,
    sum(days.trips) as trips,
    round(sum(days.total_amount_cents) / 100 / sum(days.trips), 2) as average_dollars
from marts.agg_zone_day as days
inner join marts.dim_datetime as hours on days.first_hour_at = hours.hour_at
where days.taxi_type = 'green' and days.date_day between '2023-12-22' and '2023-12-27'
group by days.date_day, hours.holiday_name
order by days.date_day
