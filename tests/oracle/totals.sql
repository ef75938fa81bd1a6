-- Grain: one row, with the figures for a quick comparison.
create view expected_totals as
select
    (select count(*) from expected_zone_fares_15m)::bigint as zone_fares_rows,
    (select count(*) from expected_valid_trips)::bigint as valid_trips,
    (select count(*) from expected_quarantined)::bigint as quarantined_trips,
    (select sum(total_amount_cents) from expected_valid_trips)::bigint as total_amount_cents,
    (select sum(trip_distance) from expected_valid_trips) as trip_distance;
