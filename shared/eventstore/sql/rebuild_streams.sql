-- The next page of a tenant's streams of one kind, stream by stream.
-- They lie between 'kind-' and 'kind.', because the point is what comes after the hyphen.
select stream, version, name, schema_version, convert_to(data, 'UTF8'), metadata
from events
where tenant = $1 and stream > $2 || '-' and stream < $2 || '.' and (stream, version) > ($3, $4)
order by stream, version
limit $5
