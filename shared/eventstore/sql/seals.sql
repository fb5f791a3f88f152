-- Signed roots, as they also lie outside the database: see seals.py. Only the relay's role sees them: a root names
-- the ledgers of many tenants.
create table roots (
    number bigint primary key,
    text text not null
);
create trigger roots_never_change before update or delete on roots
    for each row execute function refuse_change();
create trigger roots_never_truncated before truncate on roots
    for each statement execute function refuse_change();
alter table roots enable row level security;
alter table roots force row level security;
select open_to_relay('roots', 'select, insert');
