-- A command's last call; see append in functions.sql.
select * from append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
