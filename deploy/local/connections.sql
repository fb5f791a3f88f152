-- How many clients are connected to each database, this one not counted.
select datname, count(*)
  from pg_stat_activity
 where backend_type = 'client backend' and pid <> pg_backend_pid() and datname is not null
 group by datname
 order by datname;
