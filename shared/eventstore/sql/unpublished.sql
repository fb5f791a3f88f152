-- What the relay has to send, oldest first: at most $2 rows, and none of those that are on their way ($1, positions).
select position, tenant, epoch, sequence, ledger_sequence, stream, name, version, partition_key, data, metadata,
       recorded_at
from outbox
where published_at is null and position <> all ($1::bigint[])
order by position
limit $2
