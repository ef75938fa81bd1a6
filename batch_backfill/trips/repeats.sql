-- kept → rows that are equal to an earlier one of their file in all that identifies a ride, and how many came before.
-- Few are: so only rows whose identity is there more than once are put in order.
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
