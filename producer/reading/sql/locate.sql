-- source with longitude and latitude → the same rows with taxi zones.
select * replace (${zones})
from source
