-- numbered → the same trips with their identity, as schemas/identity.py defines it, and the rules that they break.
with digested as (
    select
        *,
        md5(${identity_text} || '|' || ordinal) as digest
    from numbered
)

select
    *,
    concat_ws(
        '-',
        substr(digest, 1, 8),
        substr(digest, 9, 4),
        substr(digest, 13, 4),
        substr(digest, 17, 4),
        substr(digest, 21)
    ) as trip_id,
    ${broken_rules} as broken_rules
from digested
