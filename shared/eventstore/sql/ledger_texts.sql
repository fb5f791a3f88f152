-- Of the texts that events of a ledger name (references, a space between): those that are beside it as they were
-- written, a line each. One that was blanked is: its body is null.
select textsend(string_agg(ref || ' ' || sha256 || ' ' || stream, E'\n'))
from public.texts
where tenant = $1 and ref = any (string_to_array($2, ' '))
  and (body is null or encode(sha256(salt || textsend(body)), 'hex') = sha256)
