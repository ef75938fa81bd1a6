{#-
    The months with rows that were added, removed or changed since the marts were built: on a live stream, the current
    month. Tests skip them, because marts can only be compared with an unchanged source. The next build replaces them.
-#}
{% macro months_in_motion(mart, folder, relation, month_column, spread=0) %}
    select
        coalesce(found.taxi_type, loaded.taxi_type) as taxi_type,
        coalesce(found.month, loaded.month) as month
    from ({{ month_fingerprints(folder, relation, month_column, spread) }}) as found
    full join (select * from {{ loaded_months() }} where mart = '{{ mart }}') as loaded
        on found.taxi_type = loaded.taxi_type and found.month = loaded.month
    where found.fingerprint is distinct from loaded.fingerprint
{% endmacro %}

{% macro trip_months_in_motion() %}
    {{ months_in_motion('fct_trips', 'trips', ref('stg_trips'), 'source_month') }}
{% endmacro %}

{% macro fare_months_in_motion() %}
    {{ months_in_motion('fct_zone_fares_15m', 'zone_fares_15m', ref('stg_zone_fares_15m'), 'window_month', spread=1) }}
{% endmacro %}
