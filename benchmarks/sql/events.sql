-- The ledger of the one tenant there is, in its order.
select name, schema_version, data, metadata from events order by sequence
