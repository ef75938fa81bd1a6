select
    zones.zone_id,
    count(labels.zone_key) as current_labels
from {{ ref('stg_zones') }} as zones
full join (select * from {{ ref('dim_zones') }} where is_current) as labels on zones.zone_id = labels.zone_id
group by zones.zone_id
having count(labels.zone_key) <> 1 or zones.zone_id is null
