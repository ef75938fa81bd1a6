-- kept → the same trips with their trip_id, as schemas/identity.py defines it.
select
    cast(md5(${identity_text} || '|' || coalesce(repeats.ordinal, 0)) as uuid) as trip_id,
    kept.*
from kept
left join repeats on kept.file_row = repeats.file_row
