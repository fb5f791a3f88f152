grant usage on schema desk to portal_app;
grant select, insert, update, delete on all tables in schema desk to portal_app;

-- The way in shows somebody every tenant whose ledger gives them a role.
select open_to_relay('grants', 'select');
