select
    rules.rule,
    count(*) as trips
from taxi.quarantined_trips
cross join lateral unnest(quarantined_trips.rules) as rules (rule)
where quarantined_trips.taxi_type = 'green' and quarantined_trips.source_month = '2023-12-01'
group by rules.rule
order by trips desc, rules.rule asc
