{#- The role of `./taxi sql` reads the marts, also those that are made later. A stack without locks has no such role. -#}
{% macro grant_to_readers() %}
    {% if target.type == 'postgres' %}
    do $$
    begin
        if to_regrole('taxi_reader') is null then
            return;
        end if;
        create schema if not exists marts;
        grant usage on schema marts to taxi_reader;
        grant select on all tables in schema marts to taxi_reader;
        alter default privileges in schema marts grant select on tables to taxi_reader;
    end
    $$
    {% endif %}
{% endmacro %}
