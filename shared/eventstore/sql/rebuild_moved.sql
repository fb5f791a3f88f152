-- The streams of one kind in which something happened after a sequence of the tenant's ledger.
-- The kind is compared in a way that no index knows, so that only what happened since is read.
select distinct stream
from events
where tenant = $1 and left(stream, length($2) + 1) = $2 || '-' and sequence > $3
