-- How far some sources' events were taken, of each tenant, and the places of those that were left aside until then.
select a.source, a.tenant, a.epoch, a.sequence,
    coalesce(array_agg(array[p.epoch, p.sequence] order by p.epoch, p.sequence) filter (where p.source is not null), '{}')
        as aside
from applied a left join pending p
    on p.source = a.source and p.tenant = a.tenant and (p.epoch, p.sequence) <= (a.epoch, a.sequence)
where a.source = any ($1)
group by a.source, a.tenant, a.epoch, a.sequence
order by a.source, a.tenant
