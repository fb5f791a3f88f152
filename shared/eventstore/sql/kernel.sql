-- The kernel's tables in one service's database. Run by the owner; {service} names the roles.
-- Every column that holds a tenant is COLLATE "C": the range policies below compare bytes.

-- Nothing is for everybody: a function that a role may call is granted to it.
alter default privileges revoke execute on functions from public;

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

-- What the ledger says of a person's role; `revoked` also where only a token had given it.
create table grants (
    tenant text collate "C" not null,
    person text collate "C" not null,
    role text collate "C" not null,
    unit text,
    subtree boolean not null,
    valid_from date,
    valid_until date,
    revoked boolean not null,
    primary key (tenant, person, role)
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
create function own_tenant() returns text language sql stable parallel safe as
    $$ select nullif(current_setting('shufa.tenant', true), '') collate "C" $$;
create function read_scope() returns text language sql stable parallel safe as
    $$ select nullif(current_setting('shufa.read_scope', true), '') collate "C" $$;

-- See enter.sql.
create function enter(p_tenant text) returns text language plpgsql as $$
declare
    v_entered text;
begin
{enter}
    return v_entered;
end $$;

-- Puts a table under row security. private: the tenant itself; progress: the tenant and all below it;
-- inherited: the tenant itself and all above it; reference: both, for a tier judges what it sees below by what holds
-- there. Writing is for the tenant itself only. The owner is bound like the application: what it rebuilds, it rebuilds
-- tenant by tenant.
-- A policy for each kind of statement: one for all of them would stand beside "readable" in every query. It says
-- own_tenant() itself and not (select ...): a subplan takes longer to start than a row to be found by its key.
-- Where others read, a row is of a tenant's path: a character that sorts before '.' would put it into a stranger's
-- subtree.
-- The application reads and locks rows; what writes for it are functions that are their owner's (docs/decisions/0017).
-- To lock takes the right to update something: a tenant can become nothing but what it is.
create function protect(target regclass, class text) returns void language plpgsql as $$
declare
    app text := (select service || '_app' from service_identity);
    owner text := (select service || '_owner' from service_identity);
    own text := 'tenant = own_tenant()';
    new text := own;
    readable text := case class
        when 'private' then own
        when 'progress' then 'tenant >= (select read_scope()) and tenant < (select read_scope()) || ''/'''
        when 'inherited' then 'starts_with(own_tenant() || ''.'', tenant || ''.'')'
        when 'reference' then 'starts_with(own_tenant() || ''.'', tenant || ''.'')'
            ' or tenant >= read_scope() and tenant < read_scope() || ''/'''
    end;
begin
    if readable is null then
        raise exception 'no such class of table: %', class;
    end if;
    if class <> 'private' then
        new := own || ' and tenant ~ ''^[a-z0-9]+(\.[a-z0-9]+)*$''';
    end if;
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy readable on %s for select to %I, %I using (%s)', target, app, owner, readable);
    execute format('create policy addable on %s for insert to %I, %I with check (%s)', target, app, owner, new);
    execute format('create policy changeable on %s for update to %I, %I using (%s)', target, app, owner, own);
    execute format('create policy removable on %s for delete to %I, %I using (%s)', target, app, owner, own);
    execute format('grant select, update (tenant) on %s to %I', target, app);
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
select protect(t::regclass, 'reference') from unnest(array['tenants', 'policies', 'calendars']) t;
select protect('grants', 'inherited');

grant update (body) on texts to {service}_app;
grant update (fired_at, refused) on deadlines to {service}_app;
grant execute on function own_tenant, read_scope, enter to {service}_app;

select open_to_relay('outbox', 'select, update (published_at)');
select open_to_relay('heads', 'select');
select open_to_relay('deadlines', 'select');
select open_to_relay('commands', 'select (accepted_at), delete');

-- Tables being made anew stand here until they take their place, with what makes them, out of every role's reach but
-- the owner's.
create schema rebuild;
-- The owner lists the ledgers; what is in one it reads like the application, within a tenant's scope.
create policy listed on heads for select to {service}_owner using (true);

grant select on service_identity, business_day to {service}_app, {service}_relay;
grant insert, update on business_day to {service}_relay;
grant select, insert, update, delete on leases to {service}_relay;
