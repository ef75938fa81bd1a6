-- The usual fares of a zone at the weekday and hour in which a window began. dbt fills the table, where a history
-- exists.
select
    windows,
    low_average::text as low_average,
    median_average::text as median_average,
    high_average::text as high_average
from marts.agg_zone_weekday_hour
where
    taxi_type = %(taxi_type)s
    and pickup_zone_id = %(zone_id)s
    and iso_weekday = extract(isodow from %(at)s::timestamp - interval '15 minutes')
    and hour_of_day = extract(hour from %(at)s::timestamp - interval '15 minutes')
    and windows >= %(fewest)s
