{#- Every hour from the first to the last, both included, as rows of a select list. -#}
{% macro hours_between(first_hour, last_hour) -%}
    {{ return(adapter.dispatch('hours_between')(first_hour, last_hour)) }}
{%- endmacro %}

{% macro default__hours_between(first_hour, last_hour) -%}
    generate_series({{ first_hour }}, {{ last_hour }}, interval '1 hour')
{%- endmacro %}

{% macro duckdb__hours_between(first_hour, last_hour) -%}
    unnest(generate_series({{ first_hour }}, {{ last_hour }}, interval '1 hour'))
{%- endmacro %}

{% macro utc_to_new_york(column) -%}
    cast({{ column }} as timestamp) at time zone 'UTC' at time zone 'America/New_York'
{%- endmacro %}
