-- Rows of read models, written from JSON by statements that the server plans once.

create table read_models (name text primary key);

-- From now on put_rows writes this table. Its rows are private, progress or inherited as protect says.
create function write_as_rows(target regclass) returns void language plpgsql as $$
begin
    insert into read_models (name) values (target::text) on conflict do nothing;
    perform make_put_rows();
end $$;

select write_as_rows(t::regclass) from unnest(array['tenants', 'policies', 'calendars', 'grants']) t;
