-- The same at these places, which had been left aside before.
select epoch, sequence, payload
from received r
where source = $1 and tenant = $2 and name = any ($3)
    and (epoch, sequence) in (select * from unnest($4::integer[], $5::bigint[]))
    and not exists (
        select from pending p
        where (p.source, p.tenant, p.epoch, p.sequence) = (r.source, r.tenant, r.epoch, r.sequence))
order by epoch, sequence
