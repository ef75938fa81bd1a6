-- The empty table of lines that are not rows. sql/torn_rows.sql finds those of a CSV.
create or replace temp table torn_rows (
    file_row bigint,
    error_type varchar,
    raw_row varchar,
    kept_before bigint
)
