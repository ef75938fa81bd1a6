-- source with longitude and latitude → the same with taxi zones.
select * replace (${zones})
from source
