-- One ledger's events in their order, after a sequence; the instant in microseconds since 1970, as it was hashed.
select sequence, stream, version, name, schema_version,
       (extract(epoch from recorded_at) * 1000000)::bigint as microseconds, data, metadata, hash
from events
where tenant = $1 and sequence > $2
order by sequence
