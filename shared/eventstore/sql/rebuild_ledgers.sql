-- Where each ledger stands, and what it told others.
select tenant, sequence, epoch, public_sequence from heads order by tenant
