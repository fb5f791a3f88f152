-- What a reader of the whole inbox would ask.
select source, tenant, epoch, sequence, name, partition_key, payload from received order by tenant, epoch, sequence
