{{ config(enabled=target.type == 'postgres') }}
-- depends_on: {{ ref('fct_trips') }}, {{ ref('fct_zone_fares_15m') }}, {{ ref('agg_zone_day') }}
-- depends_on: {{ ref('agg_zone_weekday_hour') }}
-- A rebuild of a dimension alone would drop the foreign keys that reference it.
with declared (mart, constraint_type) as (
    values
    {{ declared_keys() }}
)

select
    mart,
    constraint_type,
    count(*) as declared_keys
from declared
group by mart, constraint_type
having
    count(*) <> (
        select count(*)
        from information_schema.table_constraints as existing
        where
            existing.table_schema = 'marts'
            and existing.table_name = declared.mart
            and existing.constraint_type = declared.constraint_type
    )
