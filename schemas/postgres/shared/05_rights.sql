-- Readers see the schemas for users and cannot change anything. Without the role, as on a stack without locks, this
-- does nothing. Readers can also read views that are created later.
do $$
begin
    if to_regrole('taxi_reader') is null then
        return;
    end if;
    revoke all on schema public from public;
    grant usage on schema taxi, taxi_internal to taxi_reader;
    grant select on all tables in schema taxi, taxi_internal to taxi_reader;
    alter default privileges in schema taxi, taxi_internal grant select on tables to taxi_reader;
    alter role taxi_reader set default_transaction_read_only = on;
end
$$;
