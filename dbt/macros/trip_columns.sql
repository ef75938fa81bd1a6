{#-
    The columns that models/staging/_sources.yml declares for a trip: what a model does not make itself it carries on
    as it comes. A unit test knows no sources, and says by an override what stands there.
-#}
{% macro source_trip_columns() %}
    {% set found = [] %}
    {% for source in (graph.sources.values() if execute else []) if source.source_name == 'taxi' and source.name == 'trips' %}
        {% do found.extend(source.columns.keys()) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- All but those that the model has named before, for a select list. -#}
{% macro remaining_trip_columns(named, relation=none) %}
    {%- for column in source_trip_columns() if column not in named %}
    {{ relation ~ '.' if relation }}{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- What a total is the sum of. -#}
{% macro sum_of_trip_parts() %}
    {%- for column in source_trip_columns() if column.endswith('_cents') and column != 'total_amount_cents' %}
            {{ '+ ' if not loop.first }}coalesce({{ column }}, 0)
    {%- endfor %}
{%- endmacro %}
