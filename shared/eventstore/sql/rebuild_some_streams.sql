-- The next page of some of a tenant's streams, stream by stream.
select stream, version, name, schema_version, convert_to(data, 'UTF8'), metadata
from events
where tenant = $1 and stream = any ($2) and (stream, version) > ($3, $4)
order by stream, version
limit $5
