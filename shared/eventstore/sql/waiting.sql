-- Of which source and tenant something waits in the inbox; see waiting_tenants in inbox.sql.
select source, tenant from waiting_tenants
