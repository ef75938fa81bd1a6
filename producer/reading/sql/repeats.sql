-- Rows that equal an earlier row in every identifying column, with the number of earlier copies. Such rows are rare,
-- so only rows whose identity occurs more than once are sorted.
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
