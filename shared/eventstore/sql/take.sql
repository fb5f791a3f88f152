-- The applier's first call; see take in inbox.sql.
select * from take($1, $2, $3, $4)
