-- The texts beside the ledger that some of its events name.
select ref, stream, salt, body, sha256 from texts where tenant = $1 and ref = any ($2)
