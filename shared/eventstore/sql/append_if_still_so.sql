-- The only call of a command on what is remembered; no row where that is not so any more. See begin_command.
select append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
from service_identity s
where $20 = s.xmin || ' ' || pg_postmaster_start_time()
