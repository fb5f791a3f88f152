"""``shufa import``: files of one tenant and of many, what is printed of them, and what is never sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.local import importing
from deploy.local.cli import app
from deploy.local.cluster import Cluster
from deploy.local.home import PROJECT, Home, LocalError
from deploy.local.importing import Part, Wrong, parts_of
from services.scheduling.domain.importing import read_table
from shared.documents.sheet import CSV, XLSX, read_sheet

HEADER = "unit,name,category,official_order,houses_offices,post,title,person,valid_from"
HEAD = "jiaotongwei,区交通委,government,32,,head,主任,示例·甲,2021-03-01"


def file_of(folder: Path, *lines: str, name: str = "registry.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding)
    return path


# ---- the file ----


def test_a_file_of_one_tenant_is_sent_as_it_is(tmp_path: Path) -> None:
    path = file_of(tmp_path, HEADER, HEAD, encoding="gb18030")
    assert parts_of(path, "shanghai.jinshan") == [Part("shanghai.jinshan", path.read_bytes(), CSV)]


def test_a_file_of_many_tenants_is_sent_by_tenant_and_keeps_its_row_numbers(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        f"{HEADER},tenant",
        f"{HEAD},shanghai.jinshan",
        "banzi,镇班子,leadership,1,,,,,,shanghai.jinshan.langxia",
        "",
        "sifaju,区司法局,government,31,,,,,,shanghai.jinshan",
    )
    district, town = parts_of(path, None)
    assert (district.tenant, district.rows, town.rows) == ("shanghai.jinshan", (2, 5), (3,))
    sent = read_sheet(district.content, district.kind)
    assert sent.header == tuple(HEADER.split(","))
    assert [line.cells[0] for line in sent.lines] == ["jiaotongwei", "sifaju"]
    assert [district.row(line.number) for line in sent.lines] == [2, 5]
    assert Part("t", b"", CSV).row(7) == 7


@pytest.mark.parametrize(
    ("lines", "tenant", "reason"),
    [
        ((HEADER, HEAD), None, "has no column tenant: say --tenant"),
        ((f"tenant,{HEADER}", f"a,{HEAD}"), "b", "leave --tenant out"),
        ((f"tenant,{HEADER}", f"A-b,{HEAD}"), None, "1 to put right; nothing was imported"),
        (("",), "a", "cannot be read as a table: empty"),
    ],
)
def test_whose_rows_they_are_is_said_once(
    tmp_path: Path, lines: tuple[str, ...], tenant: str | None, reason: str
) -> None:
    with pytest.raises(LocalError, match=reason):
        parts_of(file_of(tmp_path, *lines), tenant)


def test_the_example_is_a_table_of_two_towns() -> None:
    parts = parts_of(PROJECT / "examples" / "jinshan" / "import.csv", None)
    assert [part.tenant for part in parts] == [f"shanghai.jinshan.t31011610{n}" for n in (1, 2)]
    for part in parts:
        sheet = read_sheet(part.content, part.kind)
        imported = read_table(sheet.header, [(line.number, line.cells) for line in sheet.lines], {})
        assert imported.wrong == []
        assert len(imported.steps) >= 2


# ---- the command ----

SAME: dict[str, Any] = {
    "rows": [{"row": 2, "unit": "jiaotongwei", "post": "head", "means": ["same"]}],
    "counts": {"same": 1},
    "units_not_in_the_table": [],
    "posts_not_in_the_table": [],
    "errors": [],
}
NEW = SAME | {
    "rows": [{"row": 2, "unit": "jiaotongwei", "post": "head", "means": ["renamed", "handed_over"]}],
    "counts": {"renamed": 1, "handed_over": 1},
    "units_not_in_the_table": ["sifaju"],
    "posts_not_in_the_table": [{"unit": "jiaotongwei", "post": "deputy"}],
}


class Answers:
    """A service that says this of each part, and what it was asked."""

    def __init__(self) -> None:
        self.says: dict[str, Any] = {}
        self.asked: list[tuple[str, bool]] = []

    async def send(self, scheduling: str, token: str, parts: list[Part], trial: bool, advance: Any) -> Any:
        said = []
        for part in parts:
            self.asked.append((part.tenant, trial))
            advance()
            said.append((part, self.says[part.tenant]))
        return said


class Up:
    """An installation that is up."""

    def service_url(self, service: str) -> str:
        return f"http://{service}"

    def token(self, user: str) -> str:
        return user


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    made = Answers()
    monkeypatch.setattr(importing, "_send", made.send)
    monkeypatch.setattr(Cluster, "running", lambda home: Up())
    monkeypatch.setenv("LANG", "C")
    return made


def shufa(*arguments: str) -> Any:
    return CliRunner().invoke(app, ("import", *arguments))


def test_what_changes_is_shown_and_then_imported(tmp_path: Path, answers: Answers) -> None:
    answers.says = {"x": NEW}
    path = str(file_of(tmp_path, HEADER, HEAD))
    done = shufa(path, "--tenant", "x")
    assert done.exit_code == 0, done.output
    assert answers.asked == [("x", True), ("x", False)]
    assert "renamed, handed over" in done.stdout
    assert "Not in the file, and stays: sifaju, jiaotongwei/deputy" in done.stdout
    assert done.stdout.endswith("imported, 1 renamed, 1 handed over.\n")


def test_a_preview_sends_nothing(tmp_path: Path, answers: Answers) -> None:
    answers.says = {"x": SAME}
    done = shufa(str(file_of(tmp_path, HEADER, HEAD)), "--tenant", "x", "--preview")
    assert (done.exit_code, answers.asked) == (0, [("x", True)])
    assert "Rows: 1 same" in done.stdout


def test_with_a_wrong_row_in_one_tenant_nothing_is_sent_to_any(tmp_path: Path, answers: Answers) -> None:
    answers.says = {"a": SAME, "b": [Wrong("b", 3, "official_order", "第三", "This is no official_order")]}
    done = shufa(str(file_of(tmp_path, f"{HEADER},tenant", f"{HEAD},a", f"{HEAD},b")))
    assert done.exit_code == 1
    assert answers.asked == [("a", True), ("b", True)]
    [row] = [line for line in done.stdout.splitlines() if "official_order" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "b",
        "3",
        "official_order",
        "第三",
        "This is no official_order",
    ]
    assert "1 cells in 1 rows to put right; nothing was imported" in done.stderr


def test_who_was_changed_since_the_preview_is_named(tmp_path: Path, answers: Answers) -> None:
    class Changed(Answers):
        async def send(self, *asked: Any) -> Any:
            said = await super().send(*asked)
            self.says = {"x": [Wrong("x", 2, "unit", "jiaotongwei", "closed")]}
            return said

    changed = Changed()
    changed.says = {"x": NEW}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importing, "_send", changed.send)
        done = shufa(str(file_of(tmp_path, HEADER, HEAD)), "--tenant", "x")
    assert done.exit_code == 1
    assert "not imported for x; run it again" in done.stderr


@pytest.mark.parametrize(("name", "kind"), [("empty.csv", CSV), ("empty.xlsx", XLSX)])
def test_a_template_has_the_columns(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    assert shufa(str(path), "--template").exit_code == 0
    assert read_sheet(path.read_bytes(), kind).header == tuple(HEADER.split(","))
    assert "is there already" in shufa(str(path), "--template").stderr


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nothing.csv", "cannot be read"), ("nothing.pdf", ".csv, .tsv, .txt, .xlsx are read")],
)
def test_what_can_be_put_right_is_said_in_one_line(home: Home, name: str, reason: str) -> None:
    done: Any = CliRunner().invoke(
        app, ("import", f"/{name}", "--tenant", "x"), env={"SHUFA_HOME": str(home.root)}
    )
    assert done.exit_code == 1
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
