-- Of the texts that events of a ledger name (sequence, reference, stream and hash of each): the first that is not
-- beside the ledger as it should be. A text that was blanked is: its body is null.
select named.sequence, named.ref, texts.stream as lies_with, named.stream
from unnest($2::bigint[], $3::text[], $4::text[], $5::text[])
     with ordinality as named (sequence, ref, stream, sha256, place)
left join texts on texts.tenant = $1 and texts.ref = named.ref
where texts.ref is null or texts.stream <> named.stream or texts.sha256 <> named.sha256
   or encode(sha256(texts.salt || convert_to(texts.body, 'UTF8')), 'hex') <> named.sha256
order by named.place
limit 1
