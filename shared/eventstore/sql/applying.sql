-- What the inbox and the applier call: keep stores messages; take and settle are the first and the last of a batch.

-- Keeps messages as they came; what is there already stays as it is. One with an error is parked, the others wait.
create or replace function keep(
    p_sources text[], p_tenants text[], p_epochs integer[], p_sequences bigint[],
    p_names text[], p_keys text[], p_payloads bytea[], p_errors text[]
) returns void language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
    with message as (
        select * from unnest(p_sources, p_tenants, p_epochs, p_sequences, p_names, p_keys, p_payloads, p_errors)
            as m(source, tenant, epoch, sequence, name, partition_key, payload, error)
    ), kept as (
        -- always in the same order, so that two replicas that keep the same ones wait for each other in a line
        insert into received (source, tenant, epoch, sequence, name, partition_key, payload)
        select source, tenant, epoch, sequence, name, partition_key, payload from message
        order by source, tenant, epoch, sequence
        on conflict do nothing
        returning source, tenant, epoch, sequence
    ), started as (
        insert into applied (source, tenant)
        select distinct source, tenant from kept where tenant <> '' order by source, tenant
        on conflict do nothing
    )
    insert into pending (source, tenant, epoch, sequence, state, error)
    select source, tenant, epoch, sequence, case when m.error is null then 'waiting' else 'parked' end, m.error
    from kept join message m using (source, tenant, epoch, sequence)
    on conflict do nothing;
end $$;

-- Opens a batch: sets the scope of the transaction and locks the tenant's head, where p_lock says that settle will
-- follow in the same transaction. The first row has the head, the keys that are blocked by something parked, and the
-- turn; then come the events that wait, in their order. No row where another replica has the lock.
create or replace function take(p_source text, p_tenant text, p_limit integer, p_lock boolean) returns table (
    epoch integer, sequence bigint, name text, partition_key text, payload bytea, blocked text[], turn bigint
) language plpgsql set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    v_released bigint;
begin
    perform enter(p_tenant);
    if p_lock then
        perform from applied a where a.source = p_source and a.tenant = p_tenant for update skip locked;
        if not found then
            return;
        end if;
    end if;
    select a.epoch, a.sequence, a.turn into take.epoch, take.sequence, take.turn
    from applied a where a.source = p_source and a.tenant = p_tenant;
    blocked := array(
        select distinct r.partition_key from pending p join received r using (source, tenant, epoch, sequence)
        where p.tenant = p_tenant and p.state = 'parked');
    return next;
    -- what was released had its turn before; the inner limit keeps the planner from reading all of received
    return query
        select r.epoch, r.sequence, r.name, r.partition_key, r.payload, null::text[], null::bigint
        from pending p cross join lateral (
            select * from received r
            where (r.source, r.tenant, r.epoch, r.sequence) = (p.source, p.tenant, p.epoch, p.sequence)
            limit 1) r
        where p.source = p_source and p.tenant = p_tenant and p.state = 'waiting'
            and (p.epoch, p.sequence) <= (take.epoch, take.sequence)
        order by p.epoch, p.sequence limit p_limit;
    get diagnostics v_released = row_count;
    -- what comes after the head waits, all of it
    return query
        select r.epoch, r.sequence, r.name, r.partition_key, r.payload, null::text[], null::bigint
        from received r
        where r.source = p_source and r.tenant = p_tenant and (r.epoch, r.sequence) > (take.epoch, take.sequence)
        order by r.epoch, r.sequence limit p_limit - v_released;
end $$;

-- Closes a batch: writes rows of read models (what put_rows takes, or null), moves the head, and says what became of
-- events of one epoch. p_applied: their sequences; p_aside: [{sequence, state, error}] of the others, or null.
-- Where take locked nothing, false says that somebody else came between, and nothing was written.
create or replace function settle(
    p_source text, p_tenant text, p_turn bigint, p_head_epoch integer, p_head_sequence bigint,
    p_rows jsonb, p_epoch integer, p_applied bigint[], p_aside jsonb
) returns boolean language plpgsql set plan_cache_mode = force_generic_plan as $$
begin
    perform enter(p_tenant);
    update applied a set epoch = p_head_epoch, sequence = p_head_sequence, turn = a.turn + 1
    where a.source = p_source and a.tenant = p_tenant and a.turn = p_turn;
    if not found then
        return false;
    end if;
    if p_rows is not null then
        perform put_rows(p_rows);
    end if;
    delete from pending p
    where p.source = p_source and p.tenant = p_tenant and p.epoch = p_epoch and p.sequence = any (p_applied);
    if p_aside is not null then
        update pending p set state = a.state, error = a.error
        from jsonb_to_recordset(p_aside) as a(sequence bigint, state text, error text)
        where p.source = p_source and p.tenant = p_tenant and p.epoch = p_epoch and p.sequence = a.sequence;
    end if;
    return true;
end $$;

grant execute on function keep to {service}_relay;
grant execute on function take, settle to {service}_app;
