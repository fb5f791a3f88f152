"""The key that signs roots is changed: the chain says so itself, and who checks needs the first public key alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.eventstore.keys import SealKey, public_pem, seal_key
from shared.eventstore.restore import LedgerRestored
from shared.eventstore.roots import Chain, Folder, NotARoot, opened, signed, standing
from shared.eventstore.seals import Sealer, WrongKey, verify_roots
from tests.shared.conftest import SERVICE
from tests.shared.eventstore.sealing import ANOTHER, KEY, A, B, Sealed

SECOND, THIRD = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
NOW = datetime(2021, 6, 1, tzinfo=UTC)
FIRST_PEM = public_pem(KEY.public_key()).encode()


async def test_a_root_without_a_handover_is_what_it_was_before_there_were_any() -> None:
    """Byte for byte: roots lie in folders elsewhere."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    text = (
        '{"root":{"heads":[["shanghai.a",1,2,"00ff"]],"number":1,"previous":"","service":"review",'
        '"signed_at":"2021-06-01T00:00:00+00:00"},"signature":"bf5b6f947f978c34a5199bf8b3d8354f152f185e4e4da7a3100d'
        'dac36b821ec20f59096c362f683f3a055f925d2275b4b4407c8a1ca120aabec073db83f54608"}\n'
    )
    assert signed(key, "review", 1, "", NOW, [("shanghai.a", 1, 2, "00ff")]) == text
    assert opened(text, key.public_key(), "review").next_key is None


# ---- in a database and its folder ----


async def test_a_chain_over_two_handovers_is_checked_with_the_first_public_key(sealed: Sealed) -> None:
    await sealed.write(A, 1)
    third = await sealed.sealer.hand_over(SECOND.public_key())
    assert third is not None
    assert (third.number, [*third.seals], third.next_key) == (3, [A], SECOND.public_key()), "both in one"
    await sealed.write(B, 1)
    await sealed.sealer_with(SECOND).seal()
    fifth = await sealed.sealer_with(SECOND).hand_over(THIRD.public_key())
    assert fifth is not None
    assert (fifth.number, fifth.seals) == (5, {}), "no head had changed"
    await sealed.write(A, 1)
    await sealed.sealer_with(THIRD).seal()
    assert await sealed.complaints() == []
    found = await verify_roots(sealed.place.relay_url, SERVICE, KEY.public_key(), sealed.folder)
    assert found.chain.number == 6
    assert {tenant: (seal.sequence, seal.root) for tenant, seal in found.chain.seals.items()} == {
        A: (6, 6),
        B: (3, 4),
    }
    assert [*found.chain.handovers] == [3, 5]
    assert found.chain.key == THIRD.public_key()
    for other in (SECOND, THIRD):
        found = await verify_roots(sealed.place.relay_url, SERVICE, other.public_key(), sealed.folder)
        assert found.problems[0] == "root 1 in the table is not signed with this key"


async def add(sealed: Sealed, text: str, number: int) -> None:
    """Put a root into both places, as somebody may who owns them."""
    (sealed.folder / f"{number:06}.json").write_text(text, "utf-8")
    await sealed.does(f"delete from roots where number = {number}")
    await sealed.does(f"insert into roots (number, text) values ({number}, '{text}')")


async def last(sealed: Sealed) -> Chain:
    return (await verify_roots(sealed.place.relay_url, SERVICE, KEY.public_key(), sealed.folder)).chain


async def test_a_stolen_key_that_was_given_up_adds_no_root(sealed: Sealed) -> None:
    await sealed.sealer.hand_over(SECOND.public_key())
    chain = await last(sealed)
    await add(sealed, signed(KEY, SERVICE, 4, chain.last or "", NOW, [(A, 1, 3, "00")]), 4)
    assert await sealed.complaints() == [
        "root 4 in the table is not signed with this key",
        "root 4 in the folder is not signed with this key",
    ]
    with pytest.raises(NotARoot, match="is not signed with this key"):
        await sealed.sealer_with(SECOND).seal()


def another_signs(text: str) -> str:
    root = json.loads(text)["root"]
    heads = [tuple(head) for head in root["heads"]]
    at = datetime.fromisoformat(root["signed_at"])
    return signed(ANOTHER, SERVICE, root["number"], root["previous"], at, heads, ANOTHER.public_key())


def to_another(text: str) -> str:
    was, becomes = (key.public_key().public_bytes_raw().hex() for key in (SECOND, ANOTHER))
    assert was in text
    return text.replace(was, becomes)


def not_at_all(text: str) -> str:
    return text.replace(f'"next_key":"{SECOND.public_key().public_bytes_raw().hex()}",', "")


@pytest.mark.parametrize("change", [another_signs, to_another, not_at_all])
async def test_a_forged_handover_is_found_and_nobody_signs_after_it(
    sealed: Sealed, change: Callable[[str], str]
) -> None:
    await sealed.sealer.hand_over(SECOND.public_key())
    before = (sealed.folder / "000003.json").read_text("utf-8")
    assert change(before) != before
    await add(sealed, change(before), 3)
    assert (await sealed.complaints())[:2] == [
        "root 3 in the table is not signed with this key",
        "root 3 in the folder is not signed with this key",
    ]
    for key in (KEY, SECOND, ANOTHER):
        with pytest.raises(NotARoot):
            await sealed.sealer_with(key).seal()


async def test_a_handover_taken_out_of_both_places_is_found(sealed: Sealed) -> None:
    await sealed.sealer.hand_over(SECOND.public_key())
    await sealed.write(A, 1)
    await sealed.sealer_with(SECOND).seal()
    (sealed.folder / "000003.json").unlink()
    await sealed.does("delete from roots where number = 3")
    assert (await sealed.complaints())[:3] == [
        "root 3 is missing in the table",
        "root 3 is missing in the folder",
        "root 4 in the table is not signed with this key",
    ]


@pytest.mark.parametrize(
    ("handed_over", "key", "said"),
    [
        (True, KEY, "The key is not the one that root 3 hands over to"),
        (True, ANOTHER, "The key is not the one that root 3 hands over to"),
        (False, SECOND, "The key is not the one that the first public key belongs to"),
    ],
    ids=["after a handover the one before", "after a handover a third", "before the handover the next"],
)
async def test_a_key_that_is_not_in_force_signs_nothing_and_says_so(
    sealed: Sealed, handed_over: bool, key: Ed25519PrivateKey, said: str
) -> None:
    if handed_over:
        await sealed.sealer.hand_over(SECOND.public_key())
    sealer = sealed.sealer_with(key)
    with pytest.raises(WrongKey, match=said):
        await sealer.step()  # though there is nothing to sign: it is not to come out when there is
    await sealed.write(A, 1)
    for work in (sealer.seal, sealer.step, lambda: sealer.hand_over(THIRD.public_key())):
        with pytest.raises(WrongKey, match=said):
            await work()
    assert sealer.folder.numbers() == ([1, 2, 3] if handed_over else [1, 2])
    assert (await sealer.read()).number == (3 if handed_over else 2), "it can still be compared with"


async def test_without_the_first_public_key_no_second_chain_is_begun(sealed: Sealed) -> None:
    await sealed.sealer.hand_over(SECOND.public_key())
    await sealed.write(A, 1)
    with pytest.raises(NotARoot, match="is not signed with this key"):
        await sealed.sealer_with(SECOND, first=SECOND).seal()
    assert sealed.sealer.folder.numbers() == [1, 2, 3]


async def test_a_key_that_begins_no_chain_begins_none(sealed: Sealed) -> None:
    await sealed.does("truncate roots")
    sealer = Sealer(sealed.place.store, lambda: SealKey(SECOND, KEY.public_key()), sealed.folder / "empty")
    with pytest.raises(WrongKey):
        await sealer.seal()
    assert sealer.folder.numbers() == []


async def test_a_service_that_runs_takes_the_new_key_from_its_file(sealed: Sealed, tmp_path: Path) -> None:
    """Between the handover and the new file it signs nothing; then it goes on without a start."""
    file = tmp_path / "seal.pem"
    file.write_text(SealKey(KEY, KEY.public_key()).pem())
    running = Sealer(sealed.place.store, lambda: seal_key(file), sealed.folder)
    await running.seal()
    await sealed.sealer.hand_over(SECOND.public_key())  # another process
    await sealed.write(A, 1)
    for _ in range(2):
        with pytest.raises(WrongKey, match="hands over to"):
            await running.seal()
    file.write_text(SealKey(SECOND, SECOND.public_key()).pem())
    for _ in range(2):
        with pytest.raises(WrongKey, match="below it the first public key is missing"):
            await running.seal()
    file.write_text(SealKey(SECOND, KEY.public_key()).pem())
    root = await running.seal()
    assert root is not None
    assert (root.number, [*root.seals]) == (4, [A])
    assert await sealed.complaints() == []


@pytest.mark.parametrize("lost", ["row", "file"])
async def test_a_handover_that_a_crash_left_in_one_place_is_put_beside_the_other(
    sealed: Sealed, lost: str
) -> None:
    await sealed.sealer.hand_over(SECOND.public_key())
    if lost == "row":
        await sealed.does("delete from roots where number = 3")
    else:
        (sealed.folder / "000003.json").unlink()
    assert await sealed.sealer.hand_over(SECOND.public_key()) is None, "it was done"
    await sealed.write(A, 1)
    await sealed.sealer_with(SECOND).seal()
    assert await sealed.complaints() == []


async def test_nobody_hands_over_to_a_key_that_has_signed_before(sealed: Sealed) -> None:
    with pytest.raises(WrongKey, match="has signed before"):
        await sealed.sealer.hand_over(KEY.public_key())
    await sealed.sealer.hand_over(SECOND.public_key())
    with pytest.raises(WrongKey, match="has signed before"):
        await sealed.sealer_with(SECOND).hand_over(KEY.public_key())
    await sealed.sealer_with(SECOND).hand_over(THIRD.public_key())
    with pytest.raises(WrongKey, match="has signed before"):
        await sealed.sealer_with(THIRD).hand_over(SECOND.public_key())
    async with sealed.place.store.relay.connect() as connection:
        assert await connection.scalar(sa.text("select count(*) from roots")) == 4


# ---- without a database ----


def chain_in(folder: Folder, *roots: tuple[Ed25519PrivateKey, int | None, Ed25519PrivateKey | None]) -> Chain:
    """Roots, each signed with a key over A at a sequence or over nothing, some of which hand over."""
    chain = Chain(SERVICE, KEY.public_key())
    for number, (key, sequence, to) in enumerate(roots, 1):
        heads = [(A, 1, sequence, "00")] if sequence else []
        text = signed(key, SERVICE, number, chain.last or "", NOW, heads, to.public_key() if to else None)
        folder.write(number, text)
        chain.follow(text)
    return chain


@pytest.mark.parametrize(("restored_to", "root"), [(8, 5), (7, 4), (5, 2), (4, 1), (3, None)])
def test_a_seal_before_a_restore_is_read_with_the_key_of_its_time(
    tmp_path: Path, restored_to: int, root: int | None
) -> None:
    folder = Folder(tmp_path)
    chain = chain_in(
        folder,
        *[(KEY, 4, None), (KEY, 5, SECOND), (SECOND, None, THIRD), (THIRD, 6, None), (THIRD, 8, None)],
    )
    restored = LedgerRestored(
        epoch=2,
        epoch_before=1,
        last_sequence_before=9,
        restored_to=restored_to,
        sealed_until=8,
        lost=1,
        reason="示例",
    )
    found = standing(chain, folder, A, [restored])
    assert (found.root if found else None) == root


def test_what_is_handed_over_to_is_a_key() -> None:
    for wrong in ("00", "zz", 7, ["00"]):
        said = {"service": SERVICE, "number": 1, "previous": "", "signed_at": NOW.isoformat(), "heads": []}
        root = json.dumps({**said, "next_key": wrong}, sort_keys=True, separators=(",", ":"))
        text = f'{{"root":{root},"signature":"{KEY.sign(root.encode()).hex()}"}}\n'
        with pytest.raises(NotARoot, match="hands over to what is no key"):
            Chain(SERVICE, KEY.public_key()).follow(text)


def test_a_key_file_says_what_signs_and_what_all_is_checked_from(tmp_path: Path) -> None:
    file = tmp_path / "seal.pem"
    own = SealKey(KEY, KEY.public_key())
    file.write_text(own.pem())
    assert b"PUBLIC" not in file.read_bytes(), "as it was before there were handovers"
    assert seal_key(file).first == KEY.public_key()
    handed_over = SealKey(SECOND, KEY.public_key())
    file.write_text(handed_over.pem())
    found = seal_key(file)
    assert (found.public, found.first) == (SECOND.public_key(), KEY.public_key())
    file.write_bytes(own.pem().encode() + FIRST_PEM)
    assert seal_key(file).first == KEY.public_key(), "said twice is the same"


def test_a_key_file_that_is_none_is_refused() -> None:
    curve = generate_private_key(SECP256R1())
    other = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own = SealKey(KEY, KEY.public_key()).pem().encode()
    for pem in (b"", FIRST_PEM, other, own + FIRST_PEM + FIRST_PEM, own + FIRST_PEM[:40] + FIRST_PEM[60:]):
        with pytest.raises(ValueError):
            SealKey.read(pem)
