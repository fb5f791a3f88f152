-- One command's two calls: begin_command opens it, append closes it. Each may be a transaction of its own.

-- Sets the scope of the transaction and answers, from one snapshot, everything a decision stands on:
-- the answer this key already got, the stream's history, the tenant, the policies above it, adopted calendars,
-- the simulated day. One snapshot matters: a repeat that sees its own events also sees its answer.
create function begin_command(
    p_tenant text, p_stream text, p_path text[], p_actor text, p_key text
) returns table (
    kind text, number bigint, version integer, name text, schema_version integer,
    data text, metadata text, day date, hash bytea, names text[]
) language plpgsql as $$
begin
    perform set_config('shufa.tenant', p_tenant, true), set_config('shufa.read_scope', p_tenant, true);
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
        -- root first: of a year that two tiers adopted, the nearer one's holds
        (select 'calendar', null::bigint, c.year, c.tenant, null::integer,
                json_build_object('holidays', c.holidays, 'working_weekend_days', c.working_weekend_days)::text,
                null, null::date, null::bytea, null::text[]
         from calendars c where c.tenant = any (p_path) order by c.tenant)
        union all
        select 'today', null, null, null, null, null, null, b.today, null, null from business_day b;
end $$;

-- A field after its length in characters.
create function framed(field text) returns text language sql immutable as
    $$ select length(field)::text || ':' || field $$;

-- The hash of one event: the chain is only as good as the fields that are in it, so all are, each after its length,
-- so that no two different lists of fields give the same text. `previous` is empty at the first event.
-- In plpgsql because its plan is kept: as SQL it took five times as long.
create function event_hash(
    previous bytea, service text, tenant text, sequence bigint, stream text, version integer,
    name text, schema_version integer, recorded_at timestamptz, data text, metadata text
) returns bytea language plpgsql immutable as $$
begin
    return sha256(convert_to(
        framed(encode(previous, 'hex')) || framed(service) || framed(tenant) || framed(sequence::text)
        || framed(stream) || framed(version::text) || framed(name) || framed(schema_version::text)
        || framed(((extract(epoch from recorded_at) * 1000000)::bigint)::text)
        || framed(data) || framed(metadata), 'UTF8'));
end $$;

-- Writes what one command decided on one stream: rows of read models, texts, deadlines, events, outbox, the key;
-- all or nothing. It sets the scope itself, so that it may be a transaction of its own. The head row is locked
-- after everything that can be done without it, so that writers of one tenant wait for each other as briefly as can be.
-- It makes few statements: starting one takes longer than most of them do.
-- p_rows: what put_rows takes; null where there is nothing, as p_events, p_texts, p_deadlines
-- p_events: [{name, schema_version, data, metadata, public: [{name, version, partition_key, data}]}]
create function append(
    p_tenant text, p_stream text, p_expected_version integer,
    p_rows jsonb, p_events jsonb, p_texts jsonb, p_deadlines jsonb,
    p_actor text, p_key text, p_request_hash bytea,
    out sequence bigint, out version integer
) language plpgsql as $$
#variable_conflict use_column
declare
    v_already text := nullif(current_setting('shufa.appended', true), '');
    v_head heads;
    v_event jsonb;
    v_public jsonb;
    v_names text[] := '{}';
    v_now timestamptz;
begin
    if v_already is null then
        perform set_config('shufa.tenant', p_tenant, true), set_config('shufa.read_scope', p_tenant, true),
                set_config('shufa.appended', p_tenant, true);
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
        if p_expected_version > 0 then
            delete from deadlines d
            where d.tenant = p_tenant and d.stream = p_stream and not p_deadlines ? d.name;
        end if;
        insert into deadlines as d (tenant, stream, name, due_on)
        select p_tenant, p_stream, n.key, n.value::date from jsonb_each_text(p_deadlines) n
        on conflict (tenant, stream, name) do update
            set due_on = excluded.due_on, fired_at = null, refused = null
            where d.due_on <> excluded.due_on;
    end if;

    version := p_expected_version;
    if p_events is null then
        sequence := coalesce((select h.sequence from heads h where h.tenant = p_tenant), 0);
    else
        select * into v_head from heads h where h.tenant = p_tenant for update;
        if not found then
            insert into heads (tenant) values (p_tenant) on conflict do nothing;
            select * into v_head from heads h where h.tenant = p_tenant for update;
        end if;
        v_now := clock_timestamp();
        for n in 0 .. jsonb_array_length(p_events) - 1 loop
            v_event := p_events -> n;
            v_names := v_names || (v_event ->> 'name');
            version := version + 1;
            v_head.sequence := v_head.sequence + 1;
            v_head.hash := event_hash(
                v_head.hash, '{service}', p_tenant, v_head.sequence, p_stream, version,
                v_event ->> 'name', (v_event ->> 'schema_version')::integer, v_now,
                v_event ->> 'data', v_event ->> 'metadata');
            insert into events (tenant, sequence, stream, version, name, schema_version, data, metadata,
                                recorded_at, hash)
            values (p_tenant, v_head.sequence, p_stream, append.version, v_event ->> 'name',
                    (v_event ->> 'schema_version')::integer, v_event ->> 'data', v_event ->> 'metadata',
                    v_now, v_head.hash);
            for m in 0 .. jsonb_array_length(v_event -> 'public') - 1 loop
                v_public := v_event -> 'public' -> m;
                v_head.public_sequence := v_head.public_sequence + 1;
                insert into outbox (tenant, epoch, sequence, ledger_sequence, stream, name, version,
                                    partition_key, data, metadata, recorded_at)
                values (p_tenant, v_head.epoch, v_head.public_sequence, v_head.sequence, p_stream,
                        v_public ->> 'name', (v_public ->> 'version')::integer,
                        v_public ->> 'partition_key', v_public ->> 'data', v_event ->> 'metadata', v_now);
            end loop;
        end loop;
        sequence := v_head.sequence;
        update heads h set sequence = v_head.sequence, hash = v_head.hash,
                           public_sequence = v_head.public_sequence
        where h.tenant = p_tenant;
    end if;

    if p_key is not null then
        insert into commands (tenant, actor, key, request_hash, stream, sequence, version, events)
        values (p_tenant, p_actor, p_key, p_request_hash, p_stream, append.sequence, append.version, v_names);
    end if;
end $$;
