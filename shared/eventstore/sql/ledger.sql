-- One ledger's events in their order, after a sequence: what is hashed of each after the previous hash, the service and
-- the tenant (see event_hash in functions.sql; framed by the server's own functions, not by any that lie in this
-- database), the data of those that name a text, and the hash that stands there.
select sequence, stream,
       convert_to(concat(
           length(sequence::text), ':', sequence, length(stream), ':', stream, length(version::text), ':', version,
           length(name), ':', name, length(schema_version::text), ':', schema_version,
           length(microseconds::text), ':', microseconds, length(data), ':', data,
           length(metadata), ':', metadata), 'UTF8'),
       case when position('"sha256":' in data) > 0 then data end,
       hash
from public.events, lateral (select (extract(epoch from recorded_at) * 1000000)::bigint as microseconds) as instant
where tenant = $1 and sequence > $2
order by sequence
