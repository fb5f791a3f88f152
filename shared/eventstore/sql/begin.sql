-- A command's first call; what it answers is said at begin_command in functions.sql.
select * from begin_command($1, $2, $3, $4, $5)
