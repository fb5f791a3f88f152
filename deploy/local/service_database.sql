-- One service's database and its three roles. Run by psql; repeating it changes nothing but the passwords.
-- Variables: service, database. Environment: OWNER_PASSWORD, APP_PASSWORD, RELAY_PASSWORD.

-- A statement that fails would stand in the server's log, password and all.
set log_min_error_statement = panic;
set client_min_messages = warning;

\set owner :service _owner
\set app :service _app
\set relay :service _relay
\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD
\getenv relay_password RELAY_PASSWORD

select format('create role %I', name)
  from unnest(array[:'owner', :'app', :'relay']) as name
 where not exists (select from pg_roles where rolname = name)
\gexec

alter role :"owner" login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'owner_password';
alter role :"app" login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'app_password';
alter role :"relay" login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'relay_password';

select format('create database %I owner %I', :'database', :'owner')
 where not exists (select from pg_database where datname = :'database')
\gexec

revoke all on database :"database" from public;
grant connect on database :"database" to :"owner", :"app", :"relay";

\connect :"database"
set client_min_messages = warning;
alter schema public owner to :"owner";
revoke all on schema public from public;
grant usage on schema public to :"app", :"relay";
\connect postgres
