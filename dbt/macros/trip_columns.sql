{#-
    The columns that models/staging/_sources.yml declares for a trip: a model passes on the columns that it does not
    compute. A unit test has no sources, and overrides this macro with the columns.
-#}
{% macro source_trip_columns() %}
    {% set found = [] %}
    {% for source in (graph.sources.values() if execute else []) if source.source_name == 'taxi' and source.name == 'trips' %}
        {% do found.extend(source.columns.keys()) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- All columns except those that the model has already named, for a select list. -#}
{% macro remaining_trip_columns(named, relation=none) %}
    {%- for column in source_trip_columns() if column not in named %}
    {{ relation ~ '.' if relation }}{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The parts whose sum is the total. -#}
{% macro sum_of_trip_parts() %}
    {%- for column in source_trip_columns() if column.endswith('_cents') and column != 'total_amount_cents' %}
            {{ '+ ' if not loop.first }}coalesce({{ column }}, 0)
    {%- endfor %}
{%- endmacro %}
