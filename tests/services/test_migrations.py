"""What the migrations build is what the code's views say, under row security."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.servers import Servers
from shared.eventstore import reference
from shared.runtime.migrate import SERVICES, migrate
from shared.runtime.service import Service


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_build_every_view_as_the_code_has_it(
    service: str, servers: Servers, new_database: Callable[[str], str]
) -> None:
    name = new_database(service)
    url = servers.database_url(service, "owner", name)
    migrate(service, url)
    migrate(service, url)
    main: Service = getattr(importlib.import_module(f"services.{service}.main"), service.upper())
    views = {view.name: view.table for aggregate in main.aggregates for view in aggregate.views}
    heard = {
        one.table.name: one.table
        for projections in main.reactions.projections.values()
        for one in projections
        if one not in reference.PROJECTIONS  # of the kernel, written in SQL
    }
    known = views | heard
    metadata = sa.MetaData()
    for table in known.values():
        table.to_metadata(metadata)

    def differences(connection: sa.Connection) -> list[Any]:
        def looked_at(name: str | None, kind: str, parents: Any) -> bool:
            if kind == "index":
                return parents["table_name"] not in heard  # those its migration alone names
            return kind != "table" or name in known

        context = MigrationContext.configure(connection, opts={"include_name": looked_at})
        assert compare_metadata(context, metadata) == []
        unprotected = sa.text(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
            " and not (relrowsecurity and relforcerowsecurity)"
        )
        return list(connection.scalars(unprotected))

    async def look() -> list[Any]:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(differences)
        finally:
            await engine.dispose()

    import asyncio

    holds_no_tenant = {"alembic_version", "service_identity", "read_models", "leases", "business_day"}
    assert set(asyncio.run(look())) == holds_no_tenant
