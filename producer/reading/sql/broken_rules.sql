-- The number of trips of a prepared month that break each rule.
with broken as (
    select unnest(string_split(${broken_rules}, ',')) as rule
    from read_parquet($path, hive_partitioning = false)
    where not is_valid
)

select rule, count(*) as trips
from broken
group by rule
order by trips desc, rule
