-- The texts beside the ledgers, as a history brings them.
select ref, encode(salt, 'hex') as salt, body, sha256 from texts
