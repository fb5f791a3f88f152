-- One ledger's events in their order, after a sequence and up to another: what is hashed of each after the previous
-- hash, the service and the tenant (see event_hash in functions.sql; framed by the server's own functions, not by any
-- that lie in this database), and the hash that stands there. The instant is cast from what the server sends of it,
-- microseconds since 2000 in eight bytes, and those from 1970 to 2000 are added: the same number as event_hash
-- extracts, for less than extracting it costs. Of a number the characters are octets, which are counted faster.
select sequence, stream,
       textsend(concat(
           octet_length(sequence::text), ':', sequence, length(stream), ':', stream,
           octet_length(version::text), ':', version, length(name), ':', name,
           octet_length(schema_version::text), ':', schema_version,
           octet_length(microseconds::text), ':', microseconds, length(data), ':', data,
           length(metadata), ':', metadata)),
       hash
from public.events,
     lateral (select timestamptz_send(recorded_at)::bigint + 946684800000000 as microseconds) as instant
where tenant = $1 and sequence > $2 and sequence <= $3
order by sequence
