-- When the newest public event of any ledger was recorded; null where none was. One index look-up a ledger.
select max(newest.recorded_at)
from heads cross join lateral (
    select o.recorded_at from outbox o where o.tenant = heads.tenant
    order by o.epoch desc, o.sequence desc limit 1) newest
