-- Numbers come as text, as integers or as doubles, depending on the vintage; what is no number at all is a null.
create or replace temp macro finite(value) as
    case when isfinite(cast(value as double)) then cast(value as double) end;
create or replace temp macro whole(value) as cast(finite(value) as integer);
create or replace temp macro cents(dollars) as cast(round(finite(dollars) * 100) as bigint);
-- TLC clocks tick in whole seconds; the identity of a trip is defined on them.
create or replace temp macro clock(value) as date_trunc('second', cast(value as timestamp));
-- Null for what would fail above.
create or replace temp macro readable_whole(value) as
    case
        when isfinite(try_cast(value as double)) then try_cast(try_cast(value as double) as integer)
        else try_cast(value as double)
    end;
create or replace temp macro readable_amount(value) as
    case
        when isfinite(try_cast(value as double)) then try_cast(round(try_cast(value as double) * 100) as bigint)
        else try_cast(value as double)
    end;
create or replace temp macro readable_clock(value) as try_cast(value as timestamp);
