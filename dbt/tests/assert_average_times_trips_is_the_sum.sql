-- An average has four decimals, so its error is at most half of the fourth: a two-hundredth of a cent per trip.
{% for mart in ('fct_zone_fares_15m', 'agg_zone_day') %}
    select
        '{{ mart }}' as mart,
        taxi_type,
        pickup_zone_id,
        trips,
        total_amount_cents,
        avg_total_amount
    from {{ ref(mart) }}
    where abs(avg_total_amount * 100 * trips - total_amount_cents) > 0.005 * trips
    {{ 'union all' if not loop.last }}
{% endfor %}
