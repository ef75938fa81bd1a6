-- Grain: one row per broken rule.
create view expected_rule_counts as
select rule, count(*)::bigint as trips
from expected_quarantined, unnest(rules) as broken (rule)
group by rule
order by rule;
