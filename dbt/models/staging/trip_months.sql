{{ config(materialized='table') }}
{{ month_fingerprints('trips', ref('stg_trips'), 'source_month') }}
