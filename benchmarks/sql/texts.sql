-- The texts beside the ledger of the one tenant there is.
select ref, salt, body, sha256 from texts
