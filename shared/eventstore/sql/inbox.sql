-- The inbox: what other services said, as it came, and which of it is not applied.

-- Other services' public events, kept for ever. tenant '' holds what could not be decoded.
create table received (
    source text collate "C" not null,
    tenant text collate "C" not null,
    epoch integer not null,
    sequence bigint not null,
    name text not null,
    partition_key text not null,
    payload bytea not null,
    received_at timestamptz not null default clock_timestamp(),
    primary key (source, tenant, epoch, sequence)
);

-- Which of them are not applied: each waits for its turn, is parked, is held behind a parked one of its key, or was
-- dropped. Its row goes when it is applied; marking the event itself would write the whole of it once more.
create table pending (
    source text collate "C" not null,
    tenant text collate "C" not null,
    epoch integer not null,
    sequence bigint not null,
    state text not null check (state in ('waiting', 'parked', 'held', 'dropped')),
    error text,
    since timestamptz not null default clock_timestamp(),
    primary key (source, tenant, epoch, sequence)
);
create index pending_parked on pending (tenant) where state = 'parked';

-- How far each source's public events of a tenant were taken in order. turn counts who changed what is pending below:
-- a batch that began at an older one was overtaken.
create table applied (
    source text collate "C" not null,
    tenant text collate "C" not null,
    epoch integer not null default 1,
    sequence bigint not null default 0,
    turn bigint not null default 0,
    primary key (source, tenant)
) with (fillfactor = 50);

-- What became of each event: applied, or what pending says.
create view inbox with (security_invoker = true) as
    select r.source, r.tenant, r.epoch, r.sequence, r.name, r.partition_key,
           coalesce(p.state, 'applied') as state, p.error, r.received_at
    from received r left join pending p using (source, tenant, epoch, sequence);

-- Where something waits: one index look-up for each pair found, however much waits there.
create view waiting_tenants with (security_invoker = true) as
    with recursive pair (source, tenant) as (
        (select p.source, p.tenant from pending p where p.state = 'waiting' order by p.source, p.tenant limit 1)
        union all
        select next.source, next.tenant from pair cross join lateral (
            select p.source, p.tenant from pending p
            where p.state = 'waiting' and (p.source, p.tenant) > (pair.source, pair.tenant)
            order by p.source, p.tenant limit 1) next
    )
    select source, tenant from pair;

select protect(t::regclass, 'private') from unnest(array['received', 'pending', 'applied']) t;
grant update, delete on pending to {service}_app;
grant update on applied to {service}_app;
select open_to_relay('received', 'select, insert');
select open_to_relay('pending', 'select, insert, update');
select open_to_relay('applied', 'select, insert, update (turn)');
-- The owner lists the inboxes, as it lists the ledgers.
create policy listed on applied for select to {service}_owner using (true);
create policy listed on pending for select to {service}_owner using (true);
grant select on inbox, waiting_tenants to {service}_app, {service}_relay;
