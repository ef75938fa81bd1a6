{% snapshot zone_labels %}
{{ config(unique_key='zone_id', strategy='check', check_cols='all') }}

select
    zone_id,
    zone_name,
    borough,
    service_zone
from {{ ref('stg_zones') }}

{% endsnapshot %}
