-- The macros that schemas/sql/normalise.sql calls, for Spark. producer/reading/sql/macros.sql defines the same ones
-- for DuckDB. Spark has no macros: batch_backfill/trips/macros.py replaces each call with the text of the macro.
-- Numbers come as text, as integers or as doubles, depending on the vintage. A text that is not a number becomes null.
macro finite(value) as
    case when abs(try_cast(value as double)) < double('infinity') then try_cast(value as double) end;
-- A cast alone would cut off the fraction.
macro whole(value) as try_cast(rint(finite(value)) as int);
-- Spark would cast the first double that is too large to the largest number.
macro cents(dollars) as
    case
        when round(finite(dollars) * 100) < double('9223372036854775808')
            then try_cast(round(finite(dollars) * 100) as bigint)
    end;
-- TLC clocks have a resolution of one second. The identity of a trip is defined on them, with four-digit years.
macro clock(value) as
    case
        when year(try_cast(value as timestamp_ntz)) between 1 and 9999
            then cast(date_trunc('second', try_cast(value as timestamp_ntz)) as timestamp_ntz)
    end;
-- True where a value exists and the contract cannot carry it. NaN and infinity count as missing: they become nulls.
macro is_no_number(value) as value is not null and try_cast(value as double) is null;
macro is_no_whole(value) as is_no_number(value) or (finite(value) is not null and whole(value) is null);
macro is_no_amount(value) as is_no_number(value) or (finite(value) is not null and cents(value) is null);
macro is_no_clock(value) as value is not null and clock(value) is null;
-- A line break means that two lines were read as one. Java turns bytes that are not UTF-8 into U+FFFD.
macro is_no_text(value, longest) as
    (cast(value as string) rlike r'[\x00\uFFFD\n]' or length(cast(value as string)) > longest);
-- Maps texts of older vintages to the current codes. A text without a code becomes null.
macro code(value, codes) as
    case
        when try_cast(value as double) is not null then cast(value as string)
        else codes[lower(trim(cast(value as string)))]
    end;
macro flag(value, codes) as
    case
        when lower(trim(cast(value as string))) <> 'nan'
            then coalesce(codes[lower(trim(cast(value as string)))], cast(value as string))
    end;
macro licence(value) as trim(leading 'HV' from upper(trim(value)));
macro coordinate(value) as try_cast(value as double);
-- Parts of a sum of cents. A sum that overflows becomes null.
macro part(dollars) as cast(coalesce(cents(dollars), 0) as decimal(30, 0));
macro sum_of(first_cents, others) as try_cast(first_cents + others as bigint);
-- Texts that Spark casts and DuckDB does not: Java's 1d, 1f, 0x1p3 and control characters, a year or a month alone.
-- A `?` in front makes their cast fail. So it does for clocks in UTC or with an offset, whose zone Spark would drop.
macro number_text(value) as
    case
        when value rlike r'[0-9.][dDfF]\s*$|[xX\x00-\x08\x0e-\x1f]' then concat('?', value)
        else nullif(value, '')
    end;
macro clock_text(value) as
    case
        when value rlike r'^\s*\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{1,2}(:\d{1,2}([.]\d*)?)?)?\s*$' then value
        when value <> '' then concat('?', value)
    end;
