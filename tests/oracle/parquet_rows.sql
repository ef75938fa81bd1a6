-- The rows of one Parquet month, unchanged.
insert into tlc_columns by name
select
    getvariable('file_position') as file_position,
    file_row_number as row_position,
    getvariable('source_file') as source_file,
    * exclude (file_row_number)
from read_parquet(getvariable('path'), file_row_number = true);
