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
from shared.runtime.migrate import SERVICES, migrate


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_build_every_view_as_the_code_has_it(
    service: str, servers: Servers, new_database: Callable[[str], str]
) -> None:
    name = new_database(service)
    url = servers.database_url(service, "owner", name)
    migrate(service, url)
    migrate(service, url)
    application = importlib.import_module(f"services.{service}.application")
    views = [view for aggregate in application.AGGREGATES for view in aggregate.views]
    metadata = sa.MetaData()
    for view in views:
        view.table.to_metadata(metadata)

    def differences(connection: sa.Connection) -> list[Any]:
        known = {view.name for view in views}
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, parents: kind != "table" or name in known},
        )
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
