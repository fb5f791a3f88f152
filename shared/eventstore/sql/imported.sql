-- What lies in a ledger already, to be compared with what is to be imported.
select sequence, stream, version, name, schema_version, data, metadata, hash
from events where tenant = $1 order by sequence
