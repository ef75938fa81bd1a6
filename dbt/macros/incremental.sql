{#-
    Like dbt's own materialization, with one difference: a full refresh keeps the table if a user's object depends on a
    mart. A dimension keeps its rows, which the facts reference, and gets the new ones; all rows of a fact are replaced.
-#}
{% materialization incremental, adapter='postgres' -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set temp_relation = make_temp_relation(target_relation) -%}
    {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
    {%- set backup_relation = make_backup_relation(target_relation, 'table') -%}
    {%- set is_new = existing_relation is none -%}
    {%- set is_refreshed = should_full_refresh() and not is_new -%}
    {%- set is_swapped = is_refreshed and not (foreign_dependants() and has_contract_columns(model)) -%}

    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup_relation)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if is_new or is_swapped %}
        {% set built_relation = intermediate_relation if is_swapped else target_relation %}
        {% set build_sql = get_create_table_as_sql(False, built_relation, sql) %}
    {% else %}
        {% do run_query(get_create_table_as_sql(True, temp_relation, sql)) %}
        {% set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') %}
        {% set dest_columns = process_schema_changes(on_schema_change, temp_relation, existing_relation) %}
        {% set strategy = config.get('incremental_strategy') or 'default' %}
        {% if is_refreshed and not config.get('unique_key') %}
            {% set strategy = 'replace_all' %}
        {% endif %}
        {% set build_sql = adapter.get_incremental_strategy_macro(context, strategy)({
            'target_relation': target_relation,
            'temp_relation': temp_relation,
            'unique_key': config.get('unique_key'),
            'dest_columns': dest_columns or adapter.get_columns_in_relation(existing_relation),
            'incremental_predicates': config.get('incremental_predicates', none),
        }) %}
    {% endif %}
    {% call statement('main') %}
        {{ build_sql }}
    {% endcall %}
    {% if is_new or is_swapped %}
        {% do create_indexes(built_relation) %}
    {% endif %}
    {% if is_swapped %}
        {% do adapter.rename_relation(target_relation, backup_relation) %}
        {% do adapter.rename_relation(intermediate_relation, target_relation) %}
    {% endif %}

    {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing_relation, is_swapped)) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {% if is_swapped %}
        {% do adapter.drop_relation(backup_relation) %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}
