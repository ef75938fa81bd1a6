-- The rows of one CSV month, unchanged.
insert into tlc_columns by name
select
    getvariable('file_position') as file_position,
    row_number() over () as row_position,
    getvariable('source_file') as source_file,
    *
from read_csv(getvariable('path'), header = true, all_varchar = true);
