"""What else a list is asked: a text that is looked for, and what a row is on a day."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore.aggregate import View
from shared.eventstore.reference import Governing


def searching(view: View, text: str) -> sa.ColumnElement[bool]:
    """Does one of the columns that are searched contain the text, in capitals or not?"""
    columns = [view.table.c[name] for name in view.searched]
    return sa.or_(sa.false(), *(column.icontains(text, autoescape=True) for column in columns))


async def judged_as(
    connection: AsyncConnection,
    view: View,
    tenant: str,
    name: str,
    word: str,
    today: date,
    here: Governing,
) -> sa.ColumnElement[bool]:
    """Is ``name`` of a row this word on that day? Rows that cannot differ are judged once. The columns it depends
    on are never empty."""
    judged = view.judged[name]
    columns = [view.table.c[column] for column in judged.columns]
    query = sa.select(*columns).where(view.table.c.tenant == tenant).distinct()
    same = [
        tuple(row[column.name] for column in columns)
        for row in (await connection.execute(query)).mappings()
        if judged.of(dict(row), today, here.policy, here.calendar) == word
    ]
    # As arrays and not as so many values: the query stays short and its plan is kept.
    arrays = [
        sa.literal([one[place] for one in same], sa.ARRAY(column.type, dimensions=1))
        for place, column in enumerate(columns)
    ]
    judged_so = (
        sa.func.unnest(*arrays)
        .table_valued(*(sa.column(column.name, column.type) for column in columns))
        .render_derived(name="judged_so")
    )
    # "is true" keeps the server from joining, which it would do row by row where it expects few: it makes a table of
    # hashes of those that were judged so, and looks each row up in it.
    return sa.tuple_(*columns).in_(sa.select(*judged_so.c)).is_(sa.true())
