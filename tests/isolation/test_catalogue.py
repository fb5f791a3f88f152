"""From the catalogue of each service's database: each table with a tenant's rows is closed, and no role opens it."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from shared.runtime.migrate import SERVICES
from tests.isolation.conftest import WITHOUT_TENANT, Database

pytestmark = pytest.mark.parametrize("service", SERVICES)

_ORDINARY = "c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f')"
NO_TENANT_COLUMN = f"""
    select relname from pg_class c where {_ORDINARY} and not exists (
        select from pg_attribute where attrelid = c.oid and attname = 'tenant' and not attisdropped)
"""
NOT_FORCED = f"""
    select relname from pg_class c where {_ORDINARY} and not (relrowsecurity and relforcerowsecurity)
"""
WITHOUT_ITS_POLICIES = f"""
    select relname, array_agg(polname::text order by polname) as policies
    from pg_class c left join pg_policy on polrelid = c.oid
        and polroles @> array[(select oid from pg_roles where rolname = $1)]
    where {_ORDINARY} and relname <> all ($2)
    group by relname
    having array_agg(polname::text order by polname) <> '{{addable,changeable,readable,removable}}'
"""
OPEN_TO_ALL = f"""
    select relname, polname from pg_class c join pg_policy on polrelid = c.oid where {_ORDINARY} and polroles @> '{{0}}'
"""
TRUE_FOR_OTHERS = """
    select polrelid::regclass::text || ' ' || polname as policy, array(
        select rolname::text from pg_roles where oid = any (polroles)) as roles
    from pg_policy where pg_get_expr(polqual, polrelid) = 'true' or pg_get_expr(polwithcheck, polrelid) = 'true'
"""
TENANT_IS_NOT_FIRST = f"""
    select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
    where {_ORDINARY} and c.relname <> all ($1) and (i.indisunique or i.indisexclusion)
        and i.indkey[0] <> (select attnum from pg_attribute where attrelid = c.oid and attname = 'tenant')
"""
HAS_NO_KEY = f"""
    select relname from pg_class c where {_ORDINARY} and not exists (
        select from pg_index where indrelid = c.oid and indisprimary)
"""
NOT_IN_BYTES = f"""
    select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
        left join pg_collation l on l.oid = a.attcollation
    where {_ORDINARY} and a.attname = 'tenant' and l.collname is distinct from 'C'
"""
VIEWS_AS_THEIR_OWNER = """
    select relname from pg_class c where relnamespace = 'public'::regnamespace and (relkind = 'm' or relkind = 'v'
        and not coalesce(reloptions @> '{security_invoker=true}', false))
"""
FOREIGN_KEYS = f"""
    select conname from pg_constraint join pg_class c on c.oid = conrelid where {_ORDINARY} and contype = 'f'
"""
AS_THEIR_OWNER = """
    select proname::text, pg_get_userbyid(proowner)::text as owner, coalesce(proconfig, '{}') as settings
    from pg_proc where pronamespace in ('public'::regnamespace, 'rebuild'::regnamespace) and prosecdef
"""
PUBLIC = """
    select 'function ' || p.oid::regprocedure::text as what
    from pg_proc p where pronamespace in ('public'::regnamespace, 'rebuild'::regnamespace)
        and has_function_privilege('public', p.oid, 'execute')
    union all
    select c.oid::regclass::text || ' ' || privilege_type
    from pg_class c cross join lateral aclexplode(c.relacl) where relnamespace = 'public'::regnamespace and grantee = 0
    union all
    select nspname || ' ' || privilege_type
    from pg_namespace cross join lateral aclexplode(nspacl) where nspname in ('public', 'rebuild') and grantee = 0
    union all
    select datname || ' ' || privilege_type
    from pg_database cross join lateral aclexplode(datacl) where datname = current_database() and grantee = 0
"""
ROLES = """
    select rolname::text, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as mighty,
        (select count(*) from pg_auth_members where member = r.oid or roleid = r.oid) as memberships,
        (select count(*) from pg_shdepend where refobjid = r.oid and deptype = 'o') as owns,
        coalesce((select setconfig from pg_db_role_setting where setrole = r.oid), '{}') as settings
    from pg_roles r where rolname like $1 order by rolname
"""
MAY = """
    select c.relname::text, privilege_type::text, a.attname::text
    from (
        select c.oid, privilege_type, null::smallint as attnum
        from pg_class c cross join lateral aclexplode(relacl) acl where acl.grantee = (
            select oid from pg_roles where rolname = $1)
        union all
        select attrelid, privilege_type, attnum
        from pg_attribute cross join lateral aclexplode(attacl) acl where acl.grantee = (
            select oid from pg_roles where rolname = $1)
    ) granted join pg_class c using (oid) left join pg_attribute a on a.attrelid = c.oid and a.attnum = granted.attnum
    where relnamespace = 'public'::regnamespace
"""


@pytest.fixture
def database(service: str, databases: dict[str, Database]) -> Database:
    return databases[service]


async def test_every_table_is_a_tenants_or_one_of_a_few_that_need_not_be(database: Database) -> None:
    without = {row["relname"] for row in await database.ask(NO_TENANT_COLUMN)}
    assert without == set(WITHOUT_TENANT)
    assert {row["relname"] for row in await database.ask(NOT_FORCED)} == without - {"roots"}


async def test_each_has_the_policies_of_its_class_for_the_application_and_the_owner(
    database: Database,
) -> None:
    for role in ("app", "owner"):
        named = f"{database.service}_{role}"
        found = await database.ask(WITHOUT_ITS_POLICIES, named, list(WITHOUT_TENANT))
        besides = {"heads", "applied", "pending"} if role == "owner" else set()
        assert {row["relname"] for row in found} == besides
        assert all(set(row["policies"]) - {"listed"} == _FOUR for row in found)
    assert await database.ask(OPEN_TO_ALL) == []


_FOUR = {"addable", "changeable", "readable", "removable"}
BESIDES = {"portal": ("grants",)}
"""What a service's relay is shown whole beyond what it carries: the way in of the portal asks where a person has a
role, before there is a tenant to ask in."""


async def test_only_the_relay_sees_a_table_whole_and_the_owner_lists(database: Database) -> None:
    found = {row["policy"]: row["roles"] for row in await database.ask(TRUE_FOR_OTHERS)}
    carried = ("outbox", "heads", "deadlines", "commands", "received", "pending", "applied", "roots")
    listed = ("heads", "applied", "pending")
    assert found == {
        **{
            f"{table} carried": [f"{database.service}_relay"]
            for table in (*carried, *BESIDES.get(database.service, ()))
        },
        **{f"{table} listed": [f"{database.service}_owner"] for table in listed},
    }


async def test_the_tenant_is_in_every_key_and_sorted_by_bytes(database: Database) -> None:
    """A unique index that did not begin with it would tell a tenant by its refusal what another one has."""
    first = {row[0] for row in await database.ask(TENANT_IS_NOT_FIRST, list(WITHOUT_TENANT))}
    by_source = {"received_pkey", "pending_pkey", "applied_pkey"}  # the source, then the tenant
    assert first == by_source
    assert await database.ask(HAS_NO_KEY) == []
    assert await database.ask(NOT_IN_BYTES) == []
    assert await database.ask(FOREIGN_KEYS) == []


async def test_a_view_shows_what_its_reader_may_see(database: Database) -> None:
    assert await database.ask(VIEWS_AS_THEIR_OWNER) == []


async def test_what_runs_as_its_owner_is_named_and_looks_nowhere_else(database: Database) -> None:
    found = {
        row["proname"]: (row["owner"], tuple(row["settings"])) for row in await database.ask(AS_THEIR_OWNER)
    }
    as_it_should = (f"{database.service}_owner", ("search_path=pg_catalog, public",))
    writers = ("append", "begin_epoch", "import_events", "put_rows", "reference_changed")
    assert found == dict.fromkeys(writers, as_it_should)


async def test_nothing_is_for_everybody(database: Database) -> None:
    assert await database.ask(PUBLIC) == []


async def test_three_roles_none_of_them_mighty_or_a_member_of_another(database: Database) -> None:
    roles = await database.ask(ROLES, f"{database.service}\\_%")
    assert [row["rolname"] for row in roles] == [
        f"{database.service}_{role}" for role in ("app", "owner", "relay")
    ]
    assert not any(row["mighty"] or row["memberships"] or row["settings"] for row in roles)
    assert [row["owns"] > 0 for row in roles] == [False, True, False]


async def test_the_application_reads_and_changes_next_to_nothing_by_itself(database: Database) -> None:
    """Everything else it writes through functions. To lock a row takes the right to update its tenant, which can
    become nothing but what it is."""
    may: dict[str, set[str]] = {}
    for row in await database.ask(MAY, f"{database.service}_app"):
        if row["privilege_type"] != "SELECT" and row["attname"] != "tenant":
            what = row["privilege_type"] + (f" {row['attname']}" if row["attname"] else "")
            may.setdefault(row["relname"], set()).add(what)
    assert may == {
        "texts": {"UPDATE body"},
        "deadlines": {"UPDATE fired_at", "UPDATE refused"},
        "pending": {"UPDATE", "DELETE"},
        "applied": {"UPDATE"},
    }


async def test_the_relay_reaches_no_event_no_text_and_no_read_model(database: Database) -> None:
    reached = {row["relname"] for row in await database.ask(MAY, f"{database.service}_relay")}
    assert reached == {
        *(
            "outbox",
            "heads",
            "deadlines",
            "commands",
            "received",
            "pending",
            "applied",
            "inbox",
            "waiting_tenants",
        ),
        *("roots", "leases", "business_day", "service_identity"),
        *BESIDES.get(database.service, ()),
    }
    columns = [
        (row["relname"], row["attname"])
        for row in await database.ask(MAY, f"{database.service}_relay")
        if row["attname"]
    ]
    assert sorted(columns) == [("applied", "turn"), ("commands", "accepted_at"), ("outbox", "published_at")]


async def test_only_the_portal_has_tables_elsewhere_and_they_are_its_application_s_alone(
    database: Database,
) -> None:
    """A desk holds what is a person's (a sign-in, what is typed and not sent) and nothing of a tenant's record."""
    mine = f"{database.service}_app"
    rights = {"SELECT", "INSERT", "UPDATE", "DELETE"} if database.service == "portal" else set()
    tables = (
        ("notes", "notice_wishes", "notices", "signins", "unsent") if database.service == "portal" else ()
    )
    found: dict[str, dict[str, set[str]]] = {}
    for row in await database.ask(ELSEWHERE):
        found.setdefault(row["relname"], {}).setdefault(row["grantee"], set()).add(row["privilege_type"])
    owner = f"{database.service}_owner"
    assert {name: {who: may for who, may in of.items() if who != owner} for name, of in found.items()} == {
        table: {mine: rights} for table in tables
    }


async def test_who_may_enter_a_schema(database: Database) -> None:
    may = {(row["nspname"], row["grantee"]) for row in await database.ask(ENTERS)}
    service = database.service
    expected = {(schema, f"{service}_{role}") for schema, role in (("public", "app"), ("public", "relay"))}
    if service == "portal":
        expected |= {("desk", "portal_app")}
    assert {one for one in may if one[1] != f"{service}_owner"} == expected


ELSEWHERE = """
    select relname::text, pg_get_userbyid(grantee)::text as grantee, privilege_type
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
        cross join lateral aclexplode(coalesce(relacl, acldefault('r', relowner)))
    where c.relkind in ('r', 'p', 'f', 'v', 'm')
        and nspname not in ('public', 'rebuild', 'pg_catalog', 'information_schema', 'pg_toast')
"""
ENTERS = """
    select nspname::text, case when grantee = 0 then 'PUBLIC' else pg_get_userbyid(grantee)::text end as grantee
    from pg_namespace cross join lateral aclexplode(nspacl)
    where nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and privilege_type in ('USAGE', 'CREATE')
        and pg_get_userbyid(grantee) not in (select rolname from pg_roles where rolsuper)
"""


REFUSED_TO_EVERYBODY = (
    "set role {service}_owner",
    "set session authorization {service}_owner",
    "set role pg_read_all_data",
    "grant {service}_owner to {service}_app",
    "alter role {service}_app bypassrls",
    "alter role {service}_app superuser",
    "create role somebody",
    "create database elsewhere",
    "create table public.mine (n int)",
    "create temporary table mine (n int)",
    "create schema mine",
    "create view public.mine as select * from events",
    "create function public.mine() returns int language sql as 'select 1'",
    "create function pg_temp.mine() returns int language sql as 'select 1'",
    "create policy mine on events using (true)",
    "alter policy readable on events using (true)",
    "drop policy readable on events",
    "alter table events disable row level security",
    "alter table events no force row level security",
    "alter table events owner to {service}_app",
    "alter function own_tenant() owner to {service}_app",
    "create or replace function own_tenant() returns text language sql as 'select null'",
    "create or replace function read_scope() returns text language sql as 'select null'",
    "create trigger mine before insert on events execute function refuse_change()",
    "create index mine on events (data)",
    "comment on table events is 'mine'",
    "copy events to '/tmp/events'",
    "copy events to program 'cat'",
    "copy (select 1) to '/tmp/one'",
    "select pg_read_file('postgresql.conf')",
    "select lo_import('/etc/passwd')",
    "select protect('events', 'private')",
    "select open_to_relay('events', 'select')",
    "select write_as_rows('events')",
    "select make_put_rows()",
    "select * from rebuild.events",
    "select rebuild.lay_out('events')",
    "truncate events",
    "do $$ begin lock table events in access exclusive mode; end $$",
    "create publication mine for table events",
    "alter system set row_security = off",
    "load 'auto_explain'",
    "select * from pg_authid",
    "select * from pg_statistic",
    "select * from pg_largeobject",
)
REFUSED_TO_THE_APPLICATION = (
    "select * from leases",
    "update leases set holder = 'mine'",
    "select * from roots",
    "select * from alembic_version",
    "select * from read_models",
    "update business_day set today = today + 1",
    "select keep('{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}')",
)
REFUSED_TO_THE_RELAY = (
    "select * from events",
    "select * from texts",
    "select key, request_hash from commands",
    "select * from tenants",
    "insert into outbox (tenant) values ('shanghai')",
    "update outbox set data = ''",
    "update received set payload = ''",
    "delete from received",
    "update heads set sequence = 0",
    "update deadlines set fired_at = now()",
    f"select append('shanghai', 's-1', 0{', null' * 16})",
    "select begin_command('shanghai', 's-1', array['shanghai'], 'a', null)",
    "select put_rows('[]')",
    "select begin_epoch('shanghai', 2)",
)


@pytest.mark.parametrize("role", ["app", "relay"])
async def test_neither_role_gets_out_of_its_place(database: Database, role: Any) -> None:
    special = REFUSED_TO_THE_APPLICATION if role == "app" else REFUSED_TO_THE_RELAY
    connection = await database.connect(role)
    answers = {}
    for statement in (*REFUSED_TO_EVERYBODY, *special):
        try:
            answers[statement] = await connection.execute(statement.format(service=database.service))
        except asyncpg.InsufficientPrivilegeError:
            pass  # 42501
        except asyncpg.PostgresError as error:
            answers[statement] = f"{type(error).__name__}: {error}"
    await connection.close()
    assert list(answers.items()) == []


async def test_with_row_security_off_a_query_is_refused_and_not_answered_whole(database: Database) -> None:
    connection = await database.connect("app")
    await connection.execute("set row_security = off")
    for table in database.tables:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.fetch(f"select * from {table}")
    await connection.close()
