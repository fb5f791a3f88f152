-- The applier's last call; see settle in applying.sql. The sequences come as text: what an array of bigint is the driver
-- would ask on every new connection, which takes as long as hundreds of events.
select settle($1, $2, $3, $4, $5, $6, $7, $8::text::bigint[], $9)
