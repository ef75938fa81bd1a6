-- kept → the same trips, and of how many earlier rows of their file each is a copy. All of them are sorted, which is
-- the least work where they are few.
select
    *,
    row_number() over (partition by file_position, ${identity_columns} order by file_row) - 1 as ordinal
from kept
