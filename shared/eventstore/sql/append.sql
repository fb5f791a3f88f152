-- A command's last call; see append in functions.sql.
select sequence, version
from append(:tenant, :stream, :expected, :events, :texts, :deadlines, :actor, :key, :request_hash)
