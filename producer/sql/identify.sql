-- normalised → the same trips with their trip_id, as schemas/identity.py defines it.
with described as (
    select *, ${identity_text} as identity_text
    from (select *, cast(round(trip_distance * 100) as bigint) as trip_distance_hundredths from normalised)
),

numbered as (
    select *, row_number() over (partition by md5_number(identity_text) order by file_row) - 1 as ordinal
    from described
)

select
    cast(cast(md5(identity_text || '|' || ordinal) as uuid) as varchar) as trip_id,
    * exclude (file_row, trip_distance_hundredths, identity_text, ordinal)
from numbered
