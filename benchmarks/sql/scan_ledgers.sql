-- What a reader of every ledger would ask.
select tenant, sequence, stream, version, name, schema_version, data, metadata, recorded_at, hash
from events
order by tenant, sequence
