select
    extract(hour from window_start)::integer as hour_of_day,
    sum(trips) as trips,
    round(sum(total_amount_cents) / 100 / sum(trips), 2) as average_dollars
from taxi.zone_fares_quarter_hours
where taxi_type = 'green' and window_start >= '2023-12-01' and window_start < '2024-01-01'
group by hour_of_day
order by average_dollars desc
limit 5
