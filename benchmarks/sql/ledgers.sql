-- Every ledger whole, as a reader of all would ask for it.
select tenant, sequence, stream, version, name, schema_version, data, metadata, recorded_at, hash
from events
order by tenant, sequence
