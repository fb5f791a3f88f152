-- Task lines of a city's whole tree: sixteen districts, thirteen towns in each, thirty-one villages in each, 6,673
-- tenants; so many of every tenant. They come in by turns, as they do in a year: a tenant's lie far apart.
with tree as (
    select 'shanghai' as tenant
    union all select 'shanghai.d' || d from generate_series(1, 16) d
    union all select format('shanghai.d%s.t%s', d, t) from generate_series(1, 16) d, generate_series(1, 13) t
    union all select format('shanghai.d%s.t%s.v%s', d, t, v)
    from generate_series(1, 16) d, generate_series(1, 13) t, generate_series(1, 31) v
)
insert into items (tenant, stream, item, session, plan_year, unit, unit_name, task_line, focus_area, comment, "by",
                   due_on, state, finished)
select tenant, 'case-2021-1-u' || n, format('u%s-1', n), '2021-1', 2021, 'u' || n, '示例单位' || n,
       '完善各村自治公堂的法律审核程序，编印议事规则范本', '基层社会治理', 'c' || n, '区委书记',
       date '2021-10-08', 'open', null
from tree, generate_series(1, $1::integer) n
order by n, tenant
