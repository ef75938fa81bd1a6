{#-
    Views and foreign keys of users depend on the table, not on its name. dbt replaces a table by building a new one and
    dropping the old one with its dependants. So if a table has dependants of users, its rows are replaced in place; if
    its columns change, the run fails before anything is changed.
-#}

{#- Objects of users that depend on a mart: pairs of the mart's name and the dependant's. None on DuckDB. -#}
{% macro foreign_dependants(name=none) %}
    {% if not execute or target.type != 'postgres' %}
        {{ return([]) }}
    {% endif %}
    {% set query %}
        with ours as (
            select oid, relname
            from pg_class
            where
                relnamespace in (select oid from pg_namespace where nspname in ('marts', 'marts_staging'))
                and relkind in ('r', 'p')
        )
        select distinct ours.relname, rules.ev_class::regclass::text
        from ours
        inner join pg_depend as uses on uses.refclassid = 'pg_class'::regclass and uses.refobjid = ours.oid
        inner join pg_rewrite as rules on uses.classid = 'pg_rewrite'::regclass and uses.objid = rules.oid
        union
        select distinct ours.relname, keys.conrelid::regclass::text
        from ours
        inner join pg_constraint as keys on keys.contype = 'f' and keys.confrelid = ours.oid
        where keys.conrelid not in (select oid from ours)
        order by 1, 2
    {% endset %}
    {% set found = run_query(query).rows | map('list') | list %}
    {{ return(found if name is none else found | selectattr(0, 'equalto', name) | list) }}
{% endmacro %}

{#- Whether a table has exactly the columns that the model's contract declares, in any order. -#}
{% macro has_contract_columns(node) %}
    {% set query %}
        create temporary table declared_columns as
        select
            {%- for column in node.columns.values() %}
            cast(null as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        limit 0;
        select count(distinct columns) = 1
        from (
            select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attname) as columns
            from pg_attribute
            where
                attrelid in (to_regclass('pg_temp.declared_columns'), to_regclass('{{ node.schema }}.{{ node.name }}'))
                and attnum > 0 and not attisdropped
            group by attrelid
        ) as tables
    {% endset %}
    {% set same = run_query(query).rows[0][0] %}
    {% do run_query('drop table pg_temp.declared_columns') %}
    {{ return(same) }}
{% endmacro %}

{#- At the start of a full refresh: raises if a table with dependants of users would have to be dropped. -#}
{% macro refuse_to_drop_what_others_use() %}
    {% set refusals = [] %}
    {% if execute and flags.FULL_REFRESH %}
        {% set used = foreign_dependants() %}
        {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name in used | map(attribute=0) %}
            {% if node.unique_id in selected_resources and not has_contract_columns(node) %}
                {% set users = used | selectattr(0, 'equalto', node.name) | map(attribute=1) | join(', ') %}
                {% do refusals.append(node.schema ~ '.' ~ node.name ~ ' gets other columns, but ' ~ users ~ ' depends on it') %}
            {% endif %}
        {% endfor %}
    {% endif %}
    {% if refusals %}
        {{ exceptions.raise_compiler_error(
            refusals | join('; ') ~ '. Nothing was changed: drop the dependants, run the full refresh again, then create them again'
        ) }}
    {% endif %}
{% endmacro %}

{#- Loads a seed into the existing table. -#}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {% set in_place = foreign_dependants(model.name) | length > 0 %}
    {{ return(default__reset_csv_table(model, full_refresh and not in_place, old_relation, agate_table)) }}
{% endmacro %}

{#- Replaces all rows in the transaction of the model: concurrent readers see the old rows. -#}
{% macro get_incremental_replace_all_sql(arguments) %}
    {% set columns = get_quoted_csv(arguments.dest_columns | map(attribute='name')) %}
    delete from {{ arguments.target_relation }};
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }};
{% endmacro %}
