-- The applier's last call; see settle in inbox.sql.
select settle($1, $2, $3, $4, $5, $6, $7, $8, $9)
