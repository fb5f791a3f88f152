-- The whole inbox, as a reader of all would ask for it.
select source, tenant, epoch, sequence, name, partition_key, payload
from received
order by source, tenant, epoch, sequence
