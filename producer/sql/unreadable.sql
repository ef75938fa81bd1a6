-- How many values of a source column cannot be read as what they should be, and one of them.
select count(*) as unreadable_values, any_value(cast(${column} as varchar)) as example
from source
where ${column} is not null and ${readable}(${column}) is null
