-- Rebuilding a read model beside the live one: what rebuild.py calls, in its order.

-- Lays out the empty table. False where another session is at it; this session keeps the right until it ends.
create or replace function rebuild.lay_out(p_name text) returns boolean language plpgsql as $$
begin
    if not pg_try_advisory_lock(hashtextextended('rebuild ' || p_name, 0)) then
        return false;
    end if;
    execute format('drop table if exists rebuild.%I', p_name);
    execute format('create table rebuild.%1$I (like public.%1$I including all)', p_name);
    return true;
end $$;

-- Takes out rows, because newer ones follow: those that are as p_rows in some columns.
create or replace function rebuild.take_out(p_name text, p_columns text[], p_rows jsonb) returns void
    language plpgsql as $$
declare
    v_columns text := (select string_agg(quote_ident(name), ', ') from unnest(p_columns) name);
begin
    execute format(
        'delete from rebuild.%1$I where (%2$s) in (select %2$s from jsonb_populate_recordset(null::rebuild.%1$I, $1))',
        p_name, v_columns) using p_rows;
end $$;

-- Keeps everybody out of the live table until the transaction ends, or gives up after a while (55P03).
create or replace function rebuild.lock_live(p_name text, p_patience interval) returns void language plpgsql as $$
begin
    perform set_config('lock_timeout', (extract(epoch from p_patience) * 1000)::integer::text, true);
    execute format('lock table public.%I in access exclusive mode', p_name);
end $$;

-- Puts the new table in the place of the live one, under the same row security and with the same names of indexes; what
-- the relay may do with the one it may do with the other, and what decisions stand on is noted when it changes.
create or replace function rebuild.take_place(p_name text, p_class text) returns void language plpgsql as $$
declare
    v_live regclass := format('public.%I', p_name);
    v_new regclass := format('rebuild.%I', p_name);
    v_index record;
    v_carried text := (
        select string_agg(privilege_type, ', ') from pg_class cross join lateral aclexplode(relacl)
        where oid = v_live and grantee = (select oid from pg_roles where rolname = '{service}_relay'));
begin
    for v_index in
        select live.relname as live_name, new.relname as new_name
        from pg_index l join pg_class live on live.oid = l.indexrelid,
             pg_index n join pg_class new on new.oid = n.indexrelid
        where l.indrelid = v_live and n.indrelid = v_new and live.relname <> new.relname
            and split_part(pg_get_indexdef(live.oid), ' USING ', 2) = split_part(pg_get_indexdef(new.oid), ' USING ', 2)
    loop
        execute format('alter index rebuild.%I rename to %I', v_index.new_name, v_index.live_name);
    end loop;
    execute format('drop table %s', v_live);
    execute format('alter table %s set schema public', v_new);
    perform protect(v_new, p_class);
    if v_carried is not null then
        perform open_to_relay(v_new, v_carried);
    end if;
    if p_class = 'reference' then
        perform note_changes(v_new);
    end if;
end $$;

-- Writes the deadlines that some streams of a tenant have and that are not there; one that is there stays, fired or not.
create or replace function rebuild.add_deadlines(p_tenant text, p_rows jsonb) returns void language plpgsql as $$
begin
    perform set_config('shufa.tenant', p_tenant, true);
    insert into deadlines (tenant, stream, name, due_on)
    select p_tenant, r.stream, r.name, r.due_on from jsonb_to_recordset(p_rows) r(stream text, name text, due_on date)
    on conflict do nothing;
end $$;
