"""Signed roots: a cut tail and a ledger written anew are found, and so is whatever is done to the roots."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from shared.eventstore import roots, seals
from shared.eventstore.roots import NotARoot, digest, signed
from shared.eventstore.seals import OutOfStep, Sealer, verify_roots
from shared.eventstore.verify import Verified, verify_service
from tests.shared.conftest import SERVICE, context
from tests.shared.eventstore.notebook import NOTEBOOK, Write
from tests.shared.eventstore.sealing import ANOTHER, KEY, OF_A_LEDGER, A, B, Sealed
from tests.shared.eventstore.tampering import WRITTEN_ANEW

CUT = (
    f"delete from events where tenant = '{A}' and sequence > 3",
    f"update heads set (sequence, hash) = (select sequence, hash from events where tenant = '{A}'"
    f" and sequence = 3) where tenant = '{A}'",
)
GONE = [f"delete from {table} where tenant = '{A}'" for table in OF_A_LEDGER]


async def test_an_untouched_service_passes(sealed: Sealed) -> None:
    await sealed.write(B, 1)
    assert await sealed.complaints() == []
    found = await verify_roots(sealed.place.relay_url, SERVICE, KEY.public_key(), sealed.folder)
    assert found.chain.number == 2
    assert {tenant: (seal.sequence, seal.root) for tenant, seal in found.chain.seals.items()} == {
        A: (4, 2),
        B: (2, 1),
    }


async def test_a_root_holds_the_heads_that_changed_and_names_the_root_before(sealed: Sealed) -> None:
    first, second = ((sealed.folder / f"00000{n}.json").read_text("utf-8") for n in (1, 2))
    one, two = (json.loads(text)["root"] for text in (first, second))
    assert [head[:3] for head in one["heads"]] == [[A, 1, 2], [B, 1, 2]]
    assert [head[:3] for head in two["heads"]] == [[A, 1, 4]]
    assert one["previous"] == ""
    assert two["previous"] == hashlib.sha256(first.encode()).hexdigest()
    async with sealed.place.store.relay.connect() as connection:
        rows = await connection.scalars(sa.text("select text from roots order by number"))
        assert list(rows) == [first, second]


async def test_where_nothing_changed_there_is_no_root(sealed: Sealed) -> None:
    assert await sealed.seal() is None
    assert sealed.sealer.folder.numbers() == [1, 2]


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        (CUT, f"{A} root 2 sealed #4, the last event is #3"),
        (GONE, f"{A} root 2 sealed #4, the last event is #0"),
        ([WRITTEN_ANEW], f"{A} #4 is not what root 2 sealed"),
    ],
    ids=["tail cut and head set back", "whole ledger deleted", "all hashes computed anew"],
)
@pytest.mark.parametrize("life_goes_on", [False, True])
async def test_what_the_hashes_alone_do_not_show_is_found(
    sealed: Sealed, statements: list[str], problem: str, life_goes_on: bool
) -> None:
    await sealed.does(*statements)
    urls = sealed.place.app_url, sealed.place.relay_url
    assert [one.problem async for one in verify_service(*urls, SERVICE) if one.problem] == []
    if life_goes_on:
        for note in (1, 2):
            await sealed.place.store.execute(NOTEBOOK, "b", Write("text", note), context(A))
        await sealed.write(B, 1)
        root = await sealed.seal()
        assert root is not None
        assert list(root.seals) == [B], "nothing is sealed that does not extend what was sealed"
    [complaint] = await sealed.complaints()
    assert complaint.startswith(f"{A} ")
    if not life_goes_on:
        assert complaint == problem


async def changed_file(sealed: Sealed, number: int, change: Callable[[str], str]) -> None:
    path = sealed.folder / f"00000{number}.json"
    path.write_text(change(path.read_text("utf-8")), "utf-8")


def forged(text: str) -> str:
    """The same root, by somebody without the key."""
    root = json.loads(text)["root"]
    at = datetime.fromisoformat(root["signed_at"])
    return signed(ANOTHER, SERVICE, root["number"], root["previous"], at, [tuple(h) for h in root["heads"]])


def moved(text: str) -> str:
    """The head of A set back, the signature left as it was."""
    return text.replace('["shanghai.a",1,4', '["shanghai.a",1,3')


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("delete from roots where number = 1", "root 1 is missing in the table"),
        ("delete from roots where number = 2", "root 2 is missing in the table"),
        (
            "update roots set text = replace(text, '1,4', '1,3') where number = 2",
            "root 2 in the table is not signed",
        ),
        (
            "update roots set text = text || ' ' where number = 1",
            "root 1 in the table is not written as it was",
        ),
        ("update roots set text = 'x' where number = 1", "root 1 in the table is not a root at all"),
        ("update roots set number = 3 where number = 2", "root 2 is missing in the table"),
    ],
)
async def test_what_is_done_to_the_table_of_roots_is_found(
    sealed: Sealed, statement: str, problem: str
) -> None:
    await sealed.does(statement)
    complaints = await sealed.complaints()
    assert complaints[0].startswith(problem)


@pytest.mark.parametrize("number", [1, 2])
async def test_a_root_file_that_is_missing_is_found(sealed: Sealed, number: int) -> None:
    (sealed.folder / f"00000{number}.json").unlink()
    assert await sealed.complaints() == [f"root {number} is missing in the folder"]


@pytest.mark.parametrize("change", [moved, forged, lambda text: "", lambda text: text[:-1]])
async def test_a_root_file_that_was_changed_is_found(sealed: Sealed, change: Callable[[str], str]) -> None:
    await changed_file(sealed, 2, change)
    assert await sealed.complaints() == ["root 2 in the folder is another than in the table, which holds"]


@pytest.mark.parametrize("change", [moved, forged])
async def test_a_root_forged_in_both_places_is_found(sealed: Sealed, change: Callable[[str], str]) -> None:
    """By somebody who may write everything and sign nothing."""
    await changed_file(sealed, 2, change)
    text = (sealed.folder / "000002.json").read_text("utf-8")
    await sealed.does(f"update roots set text = '{text}' where number = 2", *CUT)
    assert (await sealed.complaints())[:2] == [
        "root 2 in the table is not signed with this key",
        "root 2 in the folder is not signed with this key",
    ]


async def test_a_root_taken_out_of_both_places_is_found(sealed: Sealed) -> None:
    (sealed.folder / "000001.json").unlink()
    await sealed.does("delete from roots where number = 1")
    assert await sealed.complaints() == ["root 1 is missing in the table", "root 1 is missing in the folder"]


async def test_a_root_of_another_service_or_out_of_its_place_is_none(sealed: Sealed) -> None:
    for service, previous, problem in (
        ("evaluation", None, "is a root of"),
        (SERVICE, "00", "does not follow root 2"),
    ):
        chain = roots.Chain(SERVICE, KEY.public_key())
        for number in (1, 2):
            last = chain.follow((sealed.folder / f"00000{number}.json").read_text("utf-8"))
        text = signed(
            KEY, service, 3, (chain.last or "") if previous is None else previous, last.signed_at, []
        )
        with pytest.raises(NotARoot, match=problem):
            chain.follow(text)
        assert chain.number == 2


@pytest.mark.parametrize("statement", ["update roots set text = ''", "delete from roots", "truncate roots"])
@pytest.mark.parametrize("role", ["owner_url", "relay_url"])
async def test_roots_cannot_be_changed(sealed: Sealed, role: str, statement: str) -> None:
    await sealed.does("alter table roots enable trigger all")
    one = create_async_engine(getattr(sealed.place, role))
    async with one.connect() as connection:
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
            await connection.execute(sa.text(statement))
    await one.dispose()
    await sealed.does("alter table roots disable trigger all")


async def test_a_row_that_a_crash_kept_from_being_written_is_put_beside_its_file(sealed: Sealed) -> None:
    await sealed.does("delete from roots where number = 2")
    await sealed.write(A, 1)
    root = await sealed.seal()
    assert root is not None
    assert root.number == 3
    assert await sealed.complaints() == []


async def test_a_file_that_is_missing_is_written_again_as_it_was(sealed: Sealed) -> None:
    path = sealed.folder / "000002.json"
    before = path.read_bytes()
    path.unlink()
    assert await sealed.seal() is None
    assert path.read_bytes() == before


async def test_roots_that_contradict_each_other_are_left_alone_and_nothing_is_sealed(sealed: Sealed) -> None:
    sealer = sealed.sealer
    await changed_file(sealed, 2, forged)
    before = (sealed.folder / "000002.json").read_bytes()
    await sealed.write(A, 1)
    with pytest.raises(OutOfStep, match="root 2: table and folder differ"):
        await sealer.seal()
    await sealed.does("delete from roots where number = 2")
    with pytest.raises(NotARoot, match="is not signed with this key"):
        await sealer.seal()
    assert (sealed.folder / "000002.json").read_bytes() == before
    assert sealer.folder.numbers() == [1, 2]


async def test_replicas_that_seal_at_once_make_one_root(sealed: Sealed) -> None:
    await sealed.write(A, 1)
    made = await asyncio.gather(*(sealed.seal() for _ in range(3)))
    assert sorted(root.number for root in made if root) == [3]
    assert await sealed.complaints() == []


async def test_what_a_quicker_root_left_out_is_sealed_by_the_slower(
    sealed: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    slower, look = sealed.sealer, Sealer._verified

    async def looked_at_while_another_seals(sealer: Sealer, tenant: str) -> Verified:
        found = await look(sealer, tenant)
        if sealer is slower and slower.folder.numbers() == [1, 2]:
            await sealed.seal()
            await sealed.write(B, 1)
        return found

    monkeypatch.setattr(Sealer, "_verified", looked_at_while_another_seals)
    await sealed.write(A, 1)
    root = await slower.seal()
    assert root is not None
    assert (root.number, [*root.seals]) == (4, [B])
    assert await sealed.complaints() == []


async def test_the_next_root_is_due_after_an_hour(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    sealer = sealed.sealer
    await sealed.write(A, 1)
    await sealer.step()
    assert sealer.folder.numbers() == [1, 2]
    monkeypatch.setattr(seals, "EVERY", timedelta(0))
    await sealer.step()
    assert sealer.folder.numbers() == [1, 2, 3]


def test_a_root_is_never_written_over_another(tmp_path: Path) -> None:
    folder = roots.Folder(tmp_path)
    folder.write(1, "one")
    with pytest.raises(FileExistsError):
        folder.write(1, "another")
    assert [path.name for path in tmp_path.iterdir()] == ["000001.json"]
    assert folder.read(1) == "one"


def test_the_same_root_is_the_same_text() -> None:
    now = datetime(2021, 6, 1, tzinfo=UTC)
    heads: list[Any] = [(B, 1, 2, "00"), (A, 1, 4, "ff")]
    one, other = (signed(KEY, SERVICE, 1, "", now, order) for order in (heads, heads[::-1]))
    assert one == other
    assert digest(one) == hashlib.sha256(one.encode()).hexdigest()
