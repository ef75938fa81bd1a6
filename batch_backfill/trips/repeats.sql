-- kept → rows that equal an earlier row of their file in every identifying column, with the number of earlier copies.
-- Such rows are rare, so only rows whose identity occurs more than once are sorted.
with hashed as (
    select
        file_position,
        file_row,
        xxhash64(file_position, ${identity_columns}) as identity_hash
    from kept
),

repeated as (
    select identity_hash
    from hashed
    group by identity_hash
    having count(*) > 1
),

numbered as (
    select
        file_position,
        file_row,
        row_number() over (partition by file_position, ${identity_columns} order by file_row) - 1 as ordinal
    from kept
    where xxhash64(file_position, ${identity_columns}) in (select identity_hash from repeated)
)

select *
from numbered
where ordinal > 0
