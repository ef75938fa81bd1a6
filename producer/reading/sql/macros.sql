-- Numbers come as text, as integers or as doubles, depending on the vintage; what is no number at all is a null.
create or replace temp macro finite(value) as
    case when isfinite(try_cast(value as double)) then try_cast(value as double) end;
create or replace temp macro whole(value) as try_cast(finite(value) as integer);
create or replace temp macro cents(dollars) as try_cast(round(finite(dollars) * 100) as bigint);
-- TLC clocks tick in whole seconds; the identity of a trip is defined on them, with years of four digits.
create or replace temp macro clock(value) as
    case
        when year(try_cast(value as timestamp)) between 1 and 9999
            then date_trunc('second', try_cast(value as timestamp))
    end;
-- True where a value is there and the contract cannot carry it. NaN and infinity are no values: they become nulls.
create or replace temp macro is_no_number(value) as value is not null and try_cast(value as double) is null;
create or replace temp macro is_no_whole(value) as
    is_no_number(value) or (finite(value) is not null and whole(value) is null);
create or replace temp macro is_no_amount(value) as
    is_no_number(value) or (finite(value) is not null and cents(value) is null);
create or replace temp macro is_no_clock(value) as value is not null and clock(value) is null;
-- U+FFFD stands where bytes were no UTF-8; a line break tells of two lines that were taken for one.
create or replace temp macro is_no_text(value, longest) as
    regexp_matches(cast(value as varchar), '[\x00\x{FFFD}\n]') or length(cast(value as varchar)) > longest;
-- Clocks are New York's: a text in UTC, or with an offset or a zone, is none, as a column of such clocks is none in
-- Parquet; nor is one of an hour 24. A `?` spoils it, for a cast alone would take it for New York's time, or move it.
create or replace temp macro clock_text(value) as
    case
        when contains(value, ' 24:') or contains(value, 'T24:') then concat('?', value)
        -- Nearly all are written so; the pattern takes three times as long.
        when value like '____-__-__ __:__:__' and not ends_with(value, 'Z') and not ends_with(value, 'z') then value
        when regexp_full_match(value, '\s*\d+-\d+-\d+([T ]+[\d:.]+)?\s*') then value
        when value <> '' then concat('?', value)
    end;
-- What texts of older vintages are called today; a text that has no code is a null.
create or replace temp macro code(value, codes) as
    case
        when try_cast(value as double) is not null then cast(value as varchar)
        else codes[lower(trim(cast(value as varchar)))]
    end;
create or replace temp macro flag(value, codes) as
    case
        when cast(value as varchar) in ('N', 'Y') then cast(value as varchar)
        else coalesce(codes[lower(trim(cast(value as varchar)))], cast(value as varchar))
    end;
create or replace temp macro licence(value) as ltrim(upper(trim(value)), 'HV');
-- Parts of a sum of cents; a sum that no longer fits is a null.
create or replace temp macro part(dollars) as cast(coalesce(cents(dollars), 0) as hugeint);
create or replace temp macro sum_of(first_cents, others) as try_cast(first_cents + others as bigint);
create or replace temp macro coordinate(value) as try_cast(value as double);
