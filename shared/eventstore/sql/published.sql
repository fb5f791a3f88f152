-- Marks what was sent ($1, positions).
update outbox set published_at = clock_timestamp()
where published_at is null and position = any ($1::bigint[])
