{#- Dollars with four decimals, rounded half up. Computed with integers, so that every engine gives the same result. -#}
{% macro average_dollars(cents, count) -%}
    cast({{ whole_quotient('200 * (' ~ cents ~ ') + ' ~ count, '2 * ' ~ count) }} * 0.0001 as numeric(12, 4))
{%- endmacro %}

{% macro whole_quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('whole_quotient')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    div({{ dividend }}, {{ divisor }})
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
    cast(({{ dividend }}) // ({{ divisor }}) as decimal(14, 0))
{%- endmacro %}
