-- Rows that are equal to an earlier one in all that identifies a ride, and how many came before. Few are: so only
-- rows whose identity is there more than once are put in order.
with repeated as (
    select ${identity_hash} as identity_hash
    from kept
    group by identity_hash
    having count(*) > 1
),

numbered as (
    select
        file_row,
        row_number() over (partition by ${identity_text} order by file_row) - 1 as ordinal
    from kept
    where ${identity_hash} in (select identity_hash from repeated)
)

select *
from numbered
where ordinal > 0
