{{ config(materialized='table') }}
-- In the history, windows that end in a month may also be in the files of the previous or next month.
{{ month_fingerprints('zone_fares_15m', ref('stg_zone_fares_15m'), 'window_month', spread=1) }}
