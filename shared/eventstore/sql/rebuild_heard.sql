-- The next page of what was heard from a source of a tenant, under some names, and applied.
select epoch, sequence, payload
from received r
where source = $1 and tenant = $2 and name = any ($3) and (epoch, sequence) > ($4, $5)
    and not exists (
        select from pending p
        where (p.source, p.tenant, p.epoch, p.sequence) = (r.source, r.tenant, r.epoch, r.sequence))
order by epoch, sequence
limit $6
