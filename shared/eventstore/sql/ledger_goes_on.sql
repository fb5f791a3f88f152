-- Is there an event of a ledger after a sequence?
select exists (select from public.events where tenant = $1 and sequence > $2)
