{#-
    DuckDB gets the types and NOT NULL, but no keys: it would hold an index of all trips in memory, and refuse to
    delete a key and insert it again in one transaction, which is how a month is replaced. There the tests stand guard.
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
