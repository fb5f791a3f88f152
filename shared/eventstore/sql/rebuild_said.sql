-- The next page of what this service told others of a tenant, under some names.
select epoch, sequence, tenant, ledger_sequence, name, version, data, metadata, recorded_at
from outbox
where tenant = $1 and name = any ($2) and (epoch, sequence) > ($3, $4)
order by epoch, sequence
limit $5
