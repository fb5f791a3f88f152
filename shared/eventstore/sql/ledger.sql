-- One ledger's events in their order, after a sequence and up to another: what is hashed of each after the previous
-- hash, the service and the tenant (see event_hash in functions.sql; framed by the server's own functions, not by any
-- that lie in this database), and the hash that stands there. The instant is cast from what the server sends of it,
-- microseconds since 2000 in eight bytes: the same number as event_hash extracts, for less than extracting it costs.
select sequence, stream,
       textsend(concat(
           length(sequence::text), ':', sequence, length(stream), ':', stream, length(version::text), ':', version,
           length(name), ':', name, length(schema_version::text), ':', schema_version,
           length(microseconds::text), ':', microseconds, length(data), ':', data,
           length(metadata), ':', metadata)),
       hash
from public.events,
     lateral (select timestamptz_send(recorded_at)::bigint
                     + (extract(epoch from timestamptz '2000-01-01 00:00Z') * 1000000)::bigint as microseconds) as instant
where tenant = $1 and sequence > $2 and sequence <= $3
order by sequence
