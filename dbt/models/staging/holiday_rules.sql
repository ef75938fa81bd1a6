-- A holiday is a fixed day, or the only day in a range of days that is a given weekday (1 is Monday).
select
    holiday_name,
    month_of_year,
    first_day,
    last_day,
    cast(day_of_week as integer) as day_of_week,
    since_year
from (
    values
    ('New Year''s Day', 1, 1, 1, null, 0),
    ('Martin Luther King Jr. Day', 1, 15, 21, 1, 1986),
    ('Lincoln''s Birthday', 2, 12, 12, null, 0),
    ('Presidents'' Day', 2, 15, 21, 1, 0),
    ('Memorial Day', 5, 25, 31, 1, 0),
    ('Juneteenth', 6, 19, 19, null, 2021),
    ('Independence Day', 7, 4, 4, null, 0),
    ('Labor Day', 9, 1, 7, 1, 0),
    ('Columbus Day', 10, 8, 14, 1, 0),
    ('Election Day', 11, 2, 8, 2, 0),
    ('Veterans Day', 11, 11, 11, null, 0),
    ('Thanksgiving Day', 11, 22, 28, 4, 0),
    ('Christmas Day', 12, 25, 25, null, 0)
) as rules (holiday_name, month_of_year, first_day, last_day, day_of_week, since_year)
