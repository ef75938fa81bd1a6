{{ config(materialized='table') }}
-- In the history, the windows that end in a month may lie in the files of the month before or after it too.
{{ month_fingerprints('zone_fares_15m', ref('stg_zone_fares_15m'), 'window_month', spread=1) }}
