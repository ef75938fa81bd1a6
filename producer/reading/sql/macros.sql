-- Numbers come as text, as integers or as doubles, depending on the vintage. A text that is not a number becomes null.
create or replace temp macro finite(value) as
    case when isfinite(try_cast(value as double)) then try_cast(value as double) end;
create or replace temp macro whole(value) as try_cast(finite(value) as integer);
create or replace temp macro cents(dollars) as try_cast(round(finite(dollars) * 100) as bigint);
-- TLC clocks have a resolution of one second. The identity of a trip is defined on them, with four-digit years. The
-- range is compared because year() fails on the first and last days that a timestamp can hold.
create or replace temp macro clock(value) as
    case
        when try_cast(value as timestamp) between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
            then date_trunc('second', try_cast(value as timestamp))
    end;
-- True where a value exists and the contract cannot carry it. NaN and infinity count as missing: they become nulls.
create or replace temp macro is_no_number(value) as value is not null and try_cast(value as double) is null;
create or replace temp macro is_no_whole(value) as
    is_no_number(value) or (finite(value) is not null and whole(value) is null);
create or replace temp macro is_no_amount(value) as
    is_no_number(value) or (finite(value) is not null and cents(value) is null);
create or replace temp macro is_no_clock(value) as value is not null and clock(value) is null;
-- U+FFFD replaces bytes that were not UTF-8. A line break means that two lines were read as one.
create or replace temp macro is_no_text(value, longest) as
    regexp_matches(cast(value as varchar), '[\x00\x{FFFD}\n]') or length(cast(value as varchar)) > longest;
-- Clocks are New York's. A text in UTC, or with an offset or a zone, is not such a clock, as a column of such clocks
-- is not one in Parquet. Nor is a text with an hour 24. A `?` in front makes the cast fail: a cast alone would take it
-- for New York time, or move it.
create or replace temp macro clock_text(value) as
    case
        when contains(value, ' 24:') or contains(value, 'T24:') then concat('?', value)
        -- Nearly all clocks have this form. The pattern takes three times as long.
        when value like '____-__-__ __:__:__' and not ends_with(value, 'Z') and not ends_with(value, 'z') then value
        when regexp_full_match(value, '\s*\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{1,2}(:\d{1,2}([.]\d*)?)?)?\s*')
            then value
        when value <> '' then concat('?', value)
    end;
-- Timestamps before the calendar of DuckDB begins are shown as the number that is stored.
create or replace temp macro clock_shown(value) as
    case
        when epoch_us(value) < -9223372022400000000 then cast(epoch_us(value) as varchar)
        else cast(value as varchar)
    end;
-- Texts that DuckDB casts and Spark does not: 1_000, a NaN with a sign.
create or replace temp macro number_text(value) as
    case
        when contains(value, '_') or value in ('-nan', '+nan', '-NAN', '+NAN') then concat('?', value)
        else value
    end;
-- A cast alone rounds the nanoseconds, and with them the second.
create or replace temp macro clock_of_nanoseconds(value) as
    case when isfinite(value) then make_timestamp(epoch_ns(value) // 1000) else cast(value as timestamp) end;
-- Maps texts of older vintages to the current codes. A text without a code becomes null.
create or replace temp macro code(value, codes) as
    case
        when try_cast(value as double) is not null then cast(value as varchar)
        else codes[lower(trim(cast(value as varchar)))]
    end;
create or replace temp macro flag(value, codes) as
    case
        when cast(value as varchar) in ('N', 'Y') then cast(value as varchar)
        when lower(trim(cast(value as varchar))) <> 'nan'
            then coalesce(codes[lower(trim(cast(value as varchar)))], cast(value as varchar))
    end;
create or replace temp macro licence(value) as ltrim(upper(trim(value)), 'HV');
-- Parts of a sum of cents. A sum that overflows becomes null.
create or replace temp macro part(dollars) as cast(coalesce(cents(dollars), 0) as hugeint);
create or replace temp macro sum_of(first_cents, others) as try_cast(first_cents + others as bigint);
create or replace temp macro coordinate(value) as try_cast(value as double);
