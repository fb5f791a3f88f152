-- The kernel's tables in one service's database. Run by the owner; {service} names the roles.
-- Every column that holds a tenant is COLLATE "C": the range policies below compare bytes.

create table service_identity (
    service text not null,
    only_row boolean primary key default true check (only_row)
);

-- The ledger: one for each tenant, gapless, hash-chained, never changed.
create table events (
    tenant text collate "C" not null,
    sequence bigint not null,
    stream text collate "C" not null,
    version integer not null,
    name text not null,
    schema_version integer not null,
    data text not null,
    metadata text not null,
    recorded_at timestamptz not null,
    hash bytea not null,
    primary key (tenant, sequence),
    constraint one_event_per_stream_version unique (tenant, stream, version)
);

-- The last link of each ledger, and of its public sequence. Locked last in a transaction.
create table heads (
    tenant text collate "C" primary key,
    sequence bigint not null default 0,
    hash bytea not null default '',
    epoch integer not null default 1,
    public_sequence bigint not null default 0
) with (fillfactor = 50);

-- What people wrote. The ledger keeps the salted hash, so that a body can be blanked.
create table texts (
    tenant text collate "C" not null,
    ref text not null,
    stream text collate "C" not null,
    salt bytea not null,
    body text,
    sha256 text not null,
    primary key (tenant, ref)
);

-- Commands that were accepted, by the caller's key: a repeated command gets the answer it got.
create table commands (
    tenant text collate "C" not null,
    actor text not null,
    key text not null,
    request_hash bytea not null,
    stream text not null,
    sequence bigint not null,
    version integer not null,
    events text[] not null,
    accepted_at timestamptz not null default clock_timestamp(),
    constraint one_command_per_key primary key (tenant, actor, key)
);
create index commands_by_age on commands using brin (accepted_at);

-- Dates on which something is to happen, a function of each stream's state.
create table deadlines (
    tenant text collate "C" not null,
    stream text collate "C" not null,
    name text not null,
    due_on date not null,
    fired_at timestamptz,
    refused text,
    primary key (tenant, stream, name)
);
create index deadlines_unfired on deadlines (due_on) where fired_at is null;

-- Public events on their way out. Kept for republishing.
create table outbox (
    position bigint generated always as identity,
    tenant text collate "C" not null,
    epoch integer not null,
    sequence bigint not null,
    ledger_sequence bigint not null,
    stream text not null,
    name text not null,
    version integer not null,
    partition_key text not null,
    data text not null,
    metadata text not null,
    recorded_at timestamptz not null,
    published_at timestamptz,
    primary key (tenant, epoch, sequence)
);
create index outbox_unpublished on outbox (position) where published_at is null;

-- Who may do what only one may do at a time; expires by system time.
create table leases (
    name text primary key,
    holder text not null,
    until timestamptz not null
);

-- The simulated business day, where the clock is simulated.
create table business_day (
    today date not null,
    only_row boolean primary key default true check (only_row)
);

-- What every decision needs to know of the tree: fed by scheduling's public events.
create table tenants (
    tenant text collate "C" primary key,
    name text not null,
    tier text not null,
    official_order integer not null,
    closed_on date
);
create table policies (
    tenant text collate "C" not null,
    version integer not null,
    holds_from date not null,
    "values" jsonb not null,
    primary key (tenant, version)
);
create table calendars (
    tenant text collate "C" not null,
    year integer not null,
    holidays date[] not null,
    working_weekend_days date[] not null,
    primary key (tenant, year)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only: % on % is refused', tg_op, tg_table_name
        using errcode = 'SH001';
end $$;
create trigger events_never_change before update or delete on events
    for each row execute function refuse_change();
create trigger events_never_truncated before truncate on events
    for each statement execute function refuse_change();

-- Whose rows a transaction may see and write: set at its start, gone at its end.
-- After SET LOCAL a pooled connection reads '' and not NULL, hence nullif.
create function own_tenant() returns text language sql stable as
    $$ select nullif(current_setting('shufa.tenant', true), '') collate "C" $$;
create function read_scope() returns text language sql stable as
    $$ select nullif(current_setting('shufa.read_scope', true), '') collate "C" $$;

-- Puts a table under row security. private: the tenant itself; progress: the tenant and all below it;
-- inherited: the tenant itself and all above it. Writing is for the tenant itself only. The owner is bound like the
-- application: what it rebuilds, it rebuilds tenant by tenant.
create function protect(target regclass, class text) returns void language plpgsql as $$
declare
    app text := (select service || '_app' from service_identity);
    owner text := (select service || '_owner' from service_identity);
    readable text := case class
        when 'private' then 'tenant = (select own_tenant())'
        when 'progress' then 'tenant >= (select read_scope()) and tenant < (select read_scope()) || ''/'''
        when 'inherited' then
            'tenant = (select own_tenant()) or starts_with((select own_tenant()), tenant || ''.'')'
    end;
begin
    if readable is null then
        raise exception 'no such class of table: %', class;
    end if;
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy readable on %s for select to %I, %I using (%s)', target, app, owner, readable);
    execute format(
        'create policy writable on %s for all to %I, %I using (tenant = (select own_tenant()))'
        ' with check (tenant = (select own_tenant()))', target, app, owner);
    execute format('grant select, insert, update, delete on %s to %I', target, app);
end $$;

-- Lets the relay role see a table whole: it carries messages and fires deadlines, it reads no event and no text.
create function open_to_relay(target regclass, privileges text) returns void language plpgsql as $$
declare
    relay text := (select service || '_relay' from service_identity);
begin
    execute format('create policy carried on %s to %I using (true) with check (true)', target, relay);
    execute format('grant %s on %s to %I', privileges, target, relay);
end $$;

insert into service_identity (service) values ('{service}');

select protect(t::regclass, 'private')
from unnest(array['events', 'heads', 'texts', 'commands', 'deadlines', 'outbox']) t;
select protect(t::regclass, 'inherited') from unnest(array['tenants', 'policies', 'calendars']) t;

revoke update, delete on events, outbox from {service}_app;
revoke delete on heads, texts from {service}_app;

select open_to_relay('outbox', 'select, update');
select open_to_relay('heads', 'select');
select open_to_relay('deadlines', 'select');
select open_to_relay('commands', 'select, delete');

grant select on service_identity, business_day to {service}_app, {service}_relay;
grant insert, update on business_day to {service}_relay;
grant select, insert, update, delete on leases to {service}_relay;
