select to_char(source_month, 'YYYY-MM') as month
from taxi.current_publications
where taxi_type = %(taxi_type)s
order by source_month
