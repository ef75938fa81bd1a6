{#-
    One row per taxi type and month, with a fingerprint that changes with any row of that month. In Postgres, one scan
    hashes the rows. In the history, names, sizes and times of the files are sufficient. `spread` adds the files of
    neighbouring months, for rows that may be in the files of the previous or next month.
-#}
{% macro month_fingerprints(folder, relation, month_column, spread=0) -%}
    {{ return(adapter.dispatch('month_fingerprints')(folder, relation, month_column, spread)) }}
{%- endmacro %}

{% macro default__month_fingerprints(folder, relation, month_column, spread) %}
select
    taxi_type,
    {{ month_column }} as month,
    count(*) || ' ' || bit_xor(hash_record_extended(source_rows, 0)) as fingerprint
from {{ relation }} as source_rows
group by taxi_type, {{ month_column }}
{% endmacro %}

{% macro duckdb__month_fingerprints(folder, relation, month_column, spread) %}
select
    taxi_type,
    cast(file_month + to_months(cast(distance as integer)) as date) as month,
    md5(string_agg(concat_ws(' ', filename, size, epoch_us(last_modified)), ';' order by filename)) as fingerprint
from (
    select
        *,
        regexp_extract(filename, '/taxi_type=([^/]+)/', 1) as taxi_type,
        cast(regexp_replace(filename, '.*/year=(\d+)/month=(\d+)/.*', '\1-\2-01') as date) as file_month
    from read_blob('{{ env_var("PROCESSED_DATA") }}/{{ folder }}/taxi_type=*/year=*/month=*/*.parquet')
)
cross join range({{ -spread }}, {{ spread + 1 }}) as distances (distance)
group by all
{% endmacro %}
