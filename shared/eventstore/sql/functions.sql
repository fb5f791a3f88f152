-- One command's two calls: begin_command opens it, append closes it. Each may be a transaction of its own.

-- Sets the scope of the transaction and answers, from one snapshot, everything a decision stands on:
-- the answer this key already got, the stream's history, the tenant, the policies above it, adopted calendars,
-- the simulated day. One snapshot matters: a repeat that sees its own events also sees its answer.
-- The name of `today` is what append_if_still_so.sql compares: other than then where anything of this but the stream and
-- the answers has changed, or where the server was started again, so that what was committed last may be gone.
create or replace function begin_command(
    p_tenant text, p_stream text, p_path text[], p_actor text, p_key text
) returns table (
    kind text, number bigint, version integer, name text, schema_version integer,
    data text, metadata text, day date, hash bytea, names text[]
) language plpgsql as $$
declare
    v_entered text;
begin
{enter}
    return query
        select 'event', e.sequence, e.version, e.name, e.schema_version, e.data, e.metadata,
               null::date, null::bytea, null::text[]
        from events e where e.tenant = p_tenant and e.stream = p_stream
        union all
        select 'answer', c.sequence, c.version, c.stream, null, null, null, null, c.request_hash, c.events
        from commands c where c.tenant = p_tenant and c.actor = p_actor and c.key = p_key
        union all
        select 'tenant', null, null, t.name, null, t.tier, null, t.closed_on, null, null
        from tenants t where t.tenant = p_tenant
        union all
        select 'policy', null, p.version, p.tenant, null, p."values"::text, null, p.holds_from, null, null
        from policies p where p.tenant = any (p_path)
        union all
        select 'calendar', null, c.year, c.tenant, null,
               json_build_object('holidays', c.holidays, 'working_weekend_days', c.working_weekend_days)::text,
               null, null, null, null
        from calendars c where c.tenant = any (p_path)
        union all
        select 'today', null, null, s.xmin || ' ' || pg_postmaster_start_time(), null, null, null, b.today, null, null
        from service_identity s left join business_day b on true;
end $$;

-- Notes that something every decision stands on has changed: the row is another one then.
create or replace function reference_changed() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public as $$
begin
    update service_identity set service = service;
    return null;
end $$;

-- Has it noted of a table; also of one that takes the place of another (rebuild.sql).
create or replace function note_changes(target regclass) returns void language plpgsql as $$
begin
    execute format('create or replace trigger noted after insert or update or delete or truncate on %s
        for each statement execute function reference_changed()', target);
    update service_identity set service = service;
end $$;

select note_changes(t::regclass) from unnest(array['tenants', 'policies', 'calendars', 'business_day']) t;

-- What the ledger says of a person's roles in the tenant and above it, and the simulated day: who asks is told by it
-- before anything is decided. It sets the scope itself, so that it may be a transaction of its own.
create or replace function standing(p_tenant text, p_path text[], p_person text) returns table (
    tenant text, role text, unit text, subtree boolean, valid_from date, valid_until date, revoked boolean, day date
) language plpgsql as $$
begin
    perform enter(p_tenant);
    return query
        select g.tenant, g.role, g.unit, g.subtree, g.valid_from, g.valid_until, g.revoked, null::date
        from grants g where g.tenant = any (p_path) and g.person = p_person
        union all
        select null, null, null, null, null, null, null, b.today from business_day b;
end $$;

-- The hash of one event: the chain is only as good as the fields that are in it, so all are, each after its length,
-- so that no two different lists of fields give the same text. `previous` is empty at the first event.
-- Stable and one expression, so that it becomes part of what calls it; format, because it looks up few functions:
-- calling and looking up would take longer than hashing.
create or replace function event_hash(
    previous bytea, service text, tenant text, sequence bigint, stream text, version integer,
    name text, schema_version integer, recorded_at timestamptz, data text, metadata text
) returns bytea language sql stable as $$
    select sha256(convert_to(format(
        '%s:%s%s:%s%s:%s%s:%s%s:%s%s:%s%s:%s%s:%s%s:%s%s:%s%s:%s',
        length(previous) * 2, encode(previous, 'hex'), length(service), service, length(tenant), tenant,
        length(sequence::text), sequence, length(stream), stream, length(version::text), version,
        length(name), name, length(schema_version::text), schema_version,
        length((extract(epoch from recorded_at) * 1000000)::bigint::text),
        (extract(epoch from recorded_at) * 1000000)::bigint,
        length(data), data, length(metadata), metadata), 'UTF8'))
$$;

-- Writes what one command decided on one stream: rows of read models, texts, deadlines, events, outbox, the key;
-- all or nothing. It says itself whose rows it writes, so that it may be a transaction of its own. The head row is
-- locked after everything that can be done without it, so that writers of one tenant wait for each other as briefly
-- as can be.
-- It is its owner's, and the only way to write a ledger: whoever may call it adds to no chain by hand.
-- It makes few statements and names few functions: starting them takes longer than what most of them do.
-- Answers the sequence of the last event; of the ledger's last where the command made none.
-- p_rows: what put_rows takes. p_deadlines: {name: date}. p_gone_deadlines: names. Null where there is nothing.
-- p_names, p_schema_versions, p_data: an element for each event. p_public_…: one for each public event, in their order;
-- p_public_of: of which event.
create or replace function append(
    p_tenant text, p_stream text, p_expected_version integer,
    p_rows jsonb, p_texts jsonb, p_deadlines jsonb, p_gone_deadlines text[],
    p_names text[], p_schema_versions integer[], p_data text[], p_metadata text,
    p_public_of integer[], p_public_names text[], p_public_versions integer[], p_partition_keys text[],
    p_public_data text[],
    p_actor text, p_key text, p_request_hash bytea
) returns bigint language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_entered text;
    v_already text := nullif(current_setting('shufa.appended', true), '');
    v_version integer := p_expected_version;
    v_sequence bigint;
    v_hash bytea;
    v_epoch integer;
    v_public_sequence bigint;
    v_public integer := 1;
    v_now timestamptz;
begin
{enter}
    if v_already is null then
        v_already := set_config('shufa.appended', p_tenant, true);
    elsif v_already <> p_tenant then
        raise exception 'one transaction writes one ledger: % after %', p_tenant, v_already
            using errcode = 'SH002';
    end if;

    if p_rows is not null then
        perform put_rows(p_rows);
    end if;

    if p_texts is not null then
        insert into texts (tenant, ref, stream, salt, body, sha256)
        select p_tenant, t.ref, p_stream, decode(t.salt, 'hex'), t.body, t.sha256
        from jsonb_to_recordset(p_texts) t(ref text, salt text, body text, sha256 text);
    end if;

    if p_deadlines is not null then
        insert into deadlines as d (tenant, stream, name, due_on)
        select p_tenant, p_stream, n.key, n.value::date from jsonb_each_text(p_deadlines) n
        on conflict (tenant, stream, name) do update
            set due_on = excluded.due_on, fired_at = null, refused = null
            where d.due_on <> excluded.due_on;
    end if;

    if p_gone_deadlines is not null then
        delete from deadlines d
        where d.tenant = p_tenant and d.stream = p_stream and d.name = any (p_gone_deadlines);
    end if;

    if p_names is null then
        v_sequence := coalesce((select h.sequence from heads h where h.tenant = p_tenant), 0);
    else
        select h.sequence, h.hash, h.epoch, h.public_sequence
        into v_sequence, v_hash, v_epoch, v_public_sequence
        from heads h where h.tenant = p_tenant for update;
        if not found then
            insert into heads (tenant) values (p_tenant) on conflict do nothing;
            select h.sequence, h.hash, h.epoch, h.public_sequence
            into v_sequence, v_hash, v_epoch, v_public_sequence
            from heads h where h.tenant = p_tenant for update;
        end if;
        v_now := clock_timestamp();
        for n in 1 .. cardinality(p_names) loop
            v_version := v_version + 1;
            v_sequence := v_sequence + 1;
            v_hash := event_hash(
                v_hash, '{service}', p_tenant, v_sequence, p_stream, v_version,
                p_names[n], p_schema_versions[n], v_now, p_data[n], p_metadata);
            insert into events (tenant, sequence, stream, version, name, schema_version, data, metadata,
                                recorded_at, hash)
            values (p_tenant, v_sequence, p_stream, v_version, p_names[n], p_schema_versions[n], p_data[n], p_metadata,
                    v_now, v_hash);
            while p_public_of[v_public] = n loop
                v_public_sequence := v_public_sequence + 1;
                insert into outbox (tenant, epoch, sequence, ledger_sequence, stream, name, version,
                                    partition_key, data, metadata, recorded_at)
                values (p_tenant, v_epoch, v_public_sequence, v_sequence, p_stream,
                        p_public_names[v_public], p_public_versions[v_public], p_partition_keys[v_public],
                        p_public_data[v_public], p_metadata, v_now);
                v_public := v_public + 1;
            end loop;
        end loop;
        update heads h set sequence = v_sequence, hash = v_hash, public_sequence = v_public_sequence
        where h.tenant = p_tenant;
    end if;

    if p_key is not null then
        insert into commands (tenant, actor, key, request_hash, stream, sequence, version, events)
        values (p_tenant, p_actor, p_key, p_request_hash, p_stream, v_sequence, v_version, coalesce(p_names, '{}'));
    end if;
    return v_sequence;
end $$;

-- Begins a new epoch of a ledger that was set back, and answers where it stands; null where the epoch has begun already.
create or replace function begin_epoch(p_tenant text, p_epoch integer) returns bigint
    language sql security definer set search_path = pg_catalog, public as
$$
    select enter(p_tenant);
    insert into heads as h (tenant, epoch) values (p_tenant, p_epoch)
    on conflict (tenant) do update set epoch = p_epoch, public_sequence = 0 where h.epoch < p_epoch
    returning h.sequence
$$;

grant execute on function begin_command, standing, append, begin_epoch to {service}_app;
