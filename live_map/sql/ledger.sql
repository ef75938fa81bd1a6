-- The imbalance of the hours whose windows are all closed. Hours do not offset one another.
select
    ledger.taxi_type,
    sum(abs(ledger.imbalance))::bigint as imbalance,
    min(ledger.event_hour) filter (where ledger.imbalance <> 0) as first_hour,
    max(ledger.event_hour) as last_hour
from taxi.trip_ledger as ledger
inner join unnest(%(taxi_types)s::text[], %(clocks)s::timestamp[]) as clocks (taxi_type, closed_until)
    on ledger.taxi_type = clocks.taxi_type
where ledger.event_hour + interval '75 minutes' <= clocks.closed_until
group by ledger.taxi_type
