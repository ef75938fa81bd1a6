{#-
    On DuckDB, tables have types and NOT NULL, but no keys. DuckDB would hold an index of all trips in memory, and
    could not delete a key and insert it again in one transaction, as replacing a month does. Data tests check the keys.
-#}
{% macro duckdb__get_table_columns_and_constraints() -%}
(
    {%- for column in model.columns.values() %}
    {{ column.name }} {{ column.data_type }}
    {%- if column.constraints | selectattr('type', 'equalto', 'not_null') | list %} not null{% endif %}
    {{- ',' if not loop.last }}
    {%- endfor %}
)
{%- endmacro %}

{#- Each key that a model declares, as a row of literals: its table and its type in Postgres' words. -#}
{% macro declared_keys() %}
    {% set keys = [] %}
    {% for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' %}
        {% for constraint in node.constraints %}
            {% do keys.append("('" ~ node.name ~ "', '" ~ constraint.type | replace('_', ' ') | upper ~ "')") %}
        {% endfor %}
    {% endfor %}
    {{ return(keys | join(', ') if execute else "('', '')") }}
{% endmacro %}
