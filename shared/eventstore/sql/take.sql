-- The applier's first call; see take in applying.sql.
select epoch, sequence, partition_key, payload, blocked, turn from take($1, $2, $3, $4)
