select
    case payment_type
        when 0 then 'flex fare'
        when 1 then 'card'
        when 2 then 'cash'
        when 3 then 'no charge'
        when 4 then 'dispute'
        when 5 then 'unknown'
        else 'not recorded'
    end as payment,
    count(*) as trips,
    round(avg(total_amount_cents) / 100, 2) as average_dollars,
    case
        when payment_type = 1
            then round(100.0 * sum(tip_amount_cents) / sum(total_amount_cents - tip_amount_cents), 1)
    end as tip_percent
from taxi.trips
where taxi_type = 'green' and dropoff_at >= '2023-12-01' and dropoff_at < '2024-01-01'
group by payment_type
order by trips desc
