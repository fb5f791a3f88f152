-- When the newest event heard from each source was recorded there. One index look-up for each tenant of a source.
select applied.source, max((convert_from(newest.payload, 'UTF8')::json ->> 'time')::timestamptz) as recorded_at
from applied cross join lateral (
    select r.payload from received r where r.source = applied.source and r.tenant = applied.tenant
    order by r.epoch desc, r.sequence desc limit 1) newest
group by applied.source
