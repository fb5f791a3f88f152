-- A command's first call; what it answers is said at begin_command in functions.sql.
select * from begin_command(:tenant, :scope, :stream, :path, :actor, :key)
