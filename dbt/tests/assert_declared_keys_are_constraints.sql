{{ config(enabled=target.type == 'postgres') }}
-- depends_on: {{ ref('fct_trips') }}, {{ ref('fct_zone_fares_15m') }}, {{ ref('agg_zone_day') }}
-- A mart that is rebuilt alone would take the keys with it that others point at it with.
{% set declared = namespace(keys=[]) %}
{% for node in graph.nodes.values() if node.resource_type == 'model' %}
    {% for constraint in node.constraints %}
        {% do declared.keys.append((node.name, constraint.type | replace('_', ' ') | upper)) %}
    {% endfor %}
{% endfor %}

with declared (mart, constraint_type) as (
    values
    {% for mart, constraint_type in declared.keys or [('', '')] %}
        ('{{ mart }}', '{{ constraint_type }}'){{ ',' if not loop.last }}
    {% endfor %}
)

select
    mart,
    constraint_type,
    count(*) as declared_keys
from declared
group by mart, constraint_type
having count(*) <> (
    select count(*)
    from information_schema.table_constraints as existing
    where
        existing.table_schema = 'marts'
        and existing.table_name = declared.mart
        and existing.constraint_type = declared.constraint_type
)
