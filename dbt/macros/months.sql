{#- The month of the TLC file: a column of the live table; in the history the folder's name, which prunes files. -#}
{% macro source_month(live) -%}
    {{ return(adapter.dispatch('source_month')(live)) }}
{%- endmacro %}

{% macro default__source_month(live) -%}
    {{ live }}
{%- endmacro %}

{% macro duckdb__source_month(live) -%}
    make_date(cast(year as integer), cast(month as integer), 1)
{%- endmacro %}

{#- The months of each mart with their fingerprints, written in one transaction with the mart. -#}
{% macro loaded_months() -%}
    {{ return(api.Relation.create(database=target.database, schema='marts_staging', identifier='loaded_months')) }}
{%- endmacro %}

{% macro remember_loaded_months() %}
    create schema if not exists marts_staging;
    create table if not exists {{ loaded_months() }} (
        mart text not null, taxi_type text not null, month date not null, fingerprint text not null
    );
{% endmacro %}

{% macro note_loaded_months(months) %}
    delete from {{ loaded_months() }} where mart = '{{ this.identifier }}';
    insert into {{ loaded_months() }} (mart, taxi_type, month, fingerprint)
    select '{{ this.identifier }}', taxi_type, month, fingerprint from {{ months }};
{% endmacro %}

{#- The months to replace: new ones, those with another fingerprint, and those that the source no longer has. -#}
{% macro changed_months(months) %}
    {% set query %}
        select coalesce(found.taxi_type, loaded.taxi_type), cast(coalesce(found.month, loaded.month) as text)
        from {{ months }} as found
        full join (select * from {{ loaded_months() }} where mart = '{{ model.name }}') as loaded
            on found.taxi_type = loaded.taxi_type and found.month = loaded.month
        where found.fingerprint is distinct from loaded.fingerprint
        order by 1, 2
    {% endset %}
    {{ return(run_query(query).rows | map('list') | list if execute else []) }}
{% endmacro %}

{#- A month and its two neighbours. -#}
{% macro with_neighbours(months) %}
    {% set wider = [] %}
    {% for taxi_type, month in months %}
        {% set first_day = modules.datetime.date.fromisoformat(month) %}
        {% for day in (first_day - modules.datetime.timedelta(1), first_day, first_day + modules.datetime.timedelta(31)) %}
            {% do wider.append((taxi_type, day.strftime('%Y-%m-01'))) %}
        {% endfor %}
    {% endfor %}
    {{ return(wider | unique | sort) }}
{% endmacro %}

{#- A condition of literals, so that DuckDB reads only files of these months. -#}
{% macro in_months(months, month_column) %}
    {%- for taxi_type, of_type in months | groupby(0) -%}
        (taxi_type = '{{ taxi_type }}' and {{ month_column }} in (
            {%- for month in of_type | map(attribute=1) %}date '{{ month }}'{{ ', ' if not loop.last }}{% endfor -%}
        )){{ ' or ' if not loop.last }}
    {%- else -%}
        false
    {%- endfor -%}
{% endmacro %}

{#- Deletes the changed months and inserts them again, all in the transaction of the model. -#}
{% macro get_incremental_replace_months_sql(arguments) %}
    {% set columns = get_quoted_csv(arguments.dest_columns | map(attribute='name')) %}
    {% set meta = config.get('meta') %}
    delete from {{ arguments.target_relation }}
    where {{ in_months(changed_months(ref(meta.months)), meta.month_column) }};
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }};
{% endmacro %}
