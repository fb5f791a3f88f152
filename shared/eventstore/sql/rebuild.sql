-- Rebuilding a read model beside the live one: what rebuild.py calls, in its order.

-- Tables being filled stand here with these functions, out of every role's reach but the owner's.
create schema rebuild;

-- The owner lists the ledgers; what is in one it reads like the application, within the transaction's scope.
create policy listed on heads for select to {service}_owner using (true);

-- Lays out the empty table. False where another session is at it; this session keeps the right until it ends.
create function rebuild.lay_out(p_name text) returns boolean language plpgsql as $$
begin
    if not pg_try_advisory_lock(hashtextextended('rebuild ' || p_name, 0)) then
        return false;
    end if;
    execute format('drop table if exists rebuild.%I', p_name);
    execute format('create table rebuild.%1$I (like public.%1$I including all)', p_name);
    return true;
end $$;

-- The next page of a tenant's streams of one kind, each whole, of those that have an event after a sequence.
-- A kind's streams lie between 'kind-' and 'kind.', because the point is what comes after the hyphen.
create function rebuild.page(
    p_tenant text, p_kind text, p_since bigint, p_after_stream text, p_after_version integer, p_limit integer
) returns table (stream text, version integer, name text, schema_version integer, data text, metadata text)
language plpgsql as $$
#variable_conflict use_column
begin
    perform set_config('shufa.tenant', p_tenant, true);
    if p_since = 0 then
        return query
            select e.stream, e.version, e.name, e.schema_version, e.data, e.metadata from events e
            where e.tenant = p_tenant and (e.stream, e.version) > (p_after_stream, p_after_version)
                and e.stream > p_kind || '-' and e.stream < p_kind || '.'
            order by e.stream, e.version limit p_limit;
    else
        return query
            select e.stream, e.version, e.name, e.schema_version, e.data, e.metadata from events e
            where e.tenant = p_tenant and (e.stream, e.version) > (p_after_stream, p_after_version)
                and e.stream in (
                    select t.stream from events t
                    where t.tenant = p_tenant and t.sequence > p_since
                        and t.stream > p_kind || '-' and t.stream < p_kind || '.')
            order by e.stream, e.version limit p_limit;
    end if;
end $$;

-- Takes out the rows of some streams, because newer ones follow.
create function rebuild.forget(p_name text, p_tenant text, p_streams text[]) returns void language plpgsql as $$
begin
    execute format('delete from rebuild.%I where tenant = $1 and stream = any ($2)', p_name)
    using p_tenant, p_streams;
end $$;

-- Keeps everybody out of the live table until the transaction ends, or gives up after a while (55P03).
create function rebuild.lock_live(p_name text, p_patience interval) returns void language plpgsql as $$
begin
    perform set_config('lock_timeout', (extract(epoch from p_patience) * 1000)::integer::text, true);
    execute format('lock table public.%I in access exclusive mode', p_name);
end $$;

-- Puts the new table in the place of the live one, under the same row security and with the same names of indexes.
create function rebuild.take_place(p_name text, p_class text) returns void language plpgsql as $$
declare
    v_index record;
begin
    for v_index in
        select live.relname as live, anew.relname as anew
        from pg_index l join pg_class live on live.oid = l.indexrelid,
             pg_index n join pg_class anew on anew.oid = n.indexrelid
        where l.indrelid = format('public.%I', p_name)::regclass
            and n.indrelid = format('rebuild.%I', p_name)::regclass
            and split_part(pg_get_indexdef(l.indexrelid), ' USING ', 2)
                = split_part(pg_get_indexdef(n.indexrelid), ' USING ', 2)
            and live.relname <> anew.relname
    loop
        execute format('alter index rebuild.%I rename to %I', v_index.anew, v_index.live);
    end loop;
    execute format('drop table public.%I', p_name);
    execute format('alter table rebuild.%I set schema public', p_name);
    perform protect(format('public.%I', p_name)::regclass, p_class);
end $$;
