select
    window_start::date as day,
    sum(trips) as trips,
    round(sum(total_amount_cents) / 100 / sum(trips), 2) as average_dollars
from taxi.zone_fares_quarter_hours
where taxi_type = 'green' and window_start >= '2023-12-18' and window_start < '2023-12-25'
group by day
order by day
