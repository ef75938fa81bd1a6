-- Readers see what people read and change nothing. Where there is no such role, as on a stack without locks, nothing
-- is to be done. Views that are made later are theirs too.
do $$
begin
    if to_regrole('taxi_reader') is null then
        return;
    end if;
    revoke all on schema public from public;
    grant usage on schema taxi to taxi_reader;
    grant select on all tables in schema taxi to taxi_reader;
    alter default privileges in schema taxi grant select on tables to taxi_reader;
    alter role taxi_reader set default_transaction_read_only = on;
end
$$;
