-- kept, repeats → the same as numbered.sql, without sorting any trip that equals no other.
select
    kept.*,
    coalesce(repeats.ordinal, 0) as ordinal
from kept
left join repeats on kept.file_position = repeats.file_position and kept.file_row = repeats.file_row
