"""The example's files are read strictly: a mistake is named by file, step and field before anything is started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.local.demo.fitting import require_fitting
from deploy.local.demo.loading import ScenarioError, load
from deploy.local.home import PROJECT
from shared.calendar.china import published
from shared.tenancy import Policy, unknown_values

EXAMPLE = PROJECT / "examples" / "jinshan" / "scenario.yaml"
SESSION = "session-2021-1"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the example that a test may spoil."""
    return shutil.copytree(EXAMPLE.parent, tmp_path / "jinshan")


def spoil(folder: Path, name: str, before: str, after: str) -> None:
    """Change the first place in a file."""
    path = folder / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def complaint_about(folder: Path) -> str:
    """The one thing that is wrong with a scenario."""
    with pytest.raises(ScenarioError) as wrong:
        require_fitting(load(folder / EXAMPLE.name))
    [complaint] = wrong.value.complaints
    return complaint


def test_the_example_is_whole_and_fits_the_services() -> None:
    require_fitting(load(EXAMPLE))


def test_every_day_on_which_somebody_acts_is_a_working_day() -> None:
    calendar = published()
    acting = {step.on for step in load(EXAMPLE).steps if step.do}
    assert [day for day in sorted(acting) if not calendar.is_working_day(day)] == []


def test_the_steps_of_all_files_are_one_time_line_and_each_file_keeps_its_order() -> None:
    scenario = load(EXAMPLE)
    assert [step.on for step in scenario.steps] == sorted(step.on for step in scenario.steps)
    for path in {*scenario.files.values()}:
        of_file = [step.id for step in scenario.steps if scenario.files[step.id] == path]
        assert of_file == [id for id, place in scenario.files.items() if place == path]


def test_the_policy_of_the_district_states_every_value_and_each_is_the_default() -> None:
    scenario = load(EXAMPLE)
    [adopted] = [step.do for step in scenario.steps if step.do and step.id == "jinshan-adopt-policy"]
    values = scenario.body(adopted)["values"]
    assert unknown_values(values) == []
    stated = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    assert stated | {"versions": ()} == vars(Policy())


def test_people_are_illustrative_but_for_the_one_whom_the_article_names() -> None:
    scenario = load(EXAMPLE)
    registered = [
        post["person"]
        for step in scenario.steps
        if step.do and step.do.command == "register-unit"
        for post in scenario.body(step.do)["posts"]
    ]
    assert {person for person in registered if not person.startswith("示例")} == {"陆才华"}
    assert [user.name for user in scenario.users.values() if not user.name.startswith("示例")] == []


def test_nothing_that_people_write_is_given_out_as_a_fact() -> None:
    assert {text.source for text in load(EXAMPLE).texts.values()} == {"I"}


def test_a_misspelt_field_of_a_step_is_named(copy: Path) -> None:
    spoil(copy, f"{SESSION}.yaml", "expect: { events: [PlanAdopted] }", "expects: { events: [PlanAdopted] }")
    assert complaint_about(copy) == (
        f"{copy}/{SESSION}.yaml: step 'adopt-plan': expects: Extra inputs are not permitted"
    )


def test_a_misspelt_field_of_a_command_is_named(copy: Path) -> None:
    spoil(copy, f"{SESSION}.yaml", "by_title: 副区长", "titel: 副区长")
    with pytest.raises(ScenarioError) as wrong:
        require_fitting(load(copy / EXAMPLE.name))
    where = f"{copy}/{SESSION}.yaml: step 'jiaotongwei-commented': do.body"
    assert set(wrong.value.complaints) >= {
        f"{where}.by_title: Field required",
        f"{where}.titel: Extra inputs are not permitted",
    }


def test_a_value_of_the_wrong_kind_is_named(copy: Path) -> None:
    spoil(copy, f"{SESSION}.yaml", "spoken_seconds: 460", "spoken_seconds: 7m40")
    assert "step 'jiaotongwei-speaks': do.body.spoken_seconds: " in complaint_about(copy)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("as: vice-mayor\n", "as: mayor\n", "as: no user 'mayor' in users.yaml"),
        (
            "command: adopt-plan",
            "command: adopt-plans",
            "do.command: scheduling has no command plan/adopt-plans",
        ),
        (
            "events: [MinutesDrafted]",
            "events: [Drafted]",
            "expect.events: no event of session is called Drafted",
        ),
        ("view: plans,", "view: plan,", "check.view: scheduling has no view plan"),
        ("remarks: langxia-remarks-1 }", "remarks: remarks }", "do.texts.remarks: no text 'remarks'"),
        ("source: { reporters: A }", "source: { roster: A }", "source.roster: the step has no such fact"),
        ('"on": 2021-06-28', '"on": 2021-06-20', "on: 2021-06-20 is before the step above it (2021-06-24)"),
        ("id: draft-minutes", "id: close-session", "id: is used twice"),
        (
            "  - id: close-session\n",
            "  - id: close-session\n    tenant: shanghai.jinshan.zhujing\n",
            "tenant: no tenant 'shanghai.jinshan.zhujing' in scenario.yaml",
        ),
    ],
)
def test_what_leads_nowhere_is_named(copy: Path, before: str, after: str, complaint: str) -> None:
    spoil(copy, f"{SESSION}.yaml", before, after)
    assert complaint_about(copy).endswith(f": {complaint}")


@pytest.mark.parametrize(
    ("name", "before", "after", "complaint"),
    [
        (
            "registry.yaml",
            "official_order: 40",
            "order: 40",
            "unit 'langxia': official_order: Field required",
        ),
        ("users.yaml", "id: admin, name", "id: admin, names", "entry 'admin': name: Field required"),
        ("policy.yaml", "source: I\n", "source: X\n", "source: Input should be 'A', 'P' or 'I'"),
        (
            "scenario.yaml",
            "until: 2022-07-08",
            "until: 2022-07-01",
            "until: 2022-07-01 is before the last step (2022-07-07)",
        ),
        (
            "scenario.yaml",
            "operator: operator",
            "operator: nobody",
            "operator: no user 'nobody' in users.yaml",
        ),
        (
            "scenario.yaml",
            "rectification: bureau-law, ",
            "",
            "tenant 'shanghai.jinshan.shengtaihuanjingju': readers: nobody reads rectification",
        ),
        (
            "session-langxia.yaml",
            "        as_of: 2022-02-28\n",
            "",
            "step 'shiliban-supervised': check.1: Value error, 'as_of' and 'stream' belong together, and to a 'view'",
        ),
        (
            "texts-langxia.yaml",
            "banzi-draft:",
            "jiaotongwei-draft-1:",
            "jiaotongwei-draft-1: is used twice",
        ),
        ("texts-2021-1.yaml", "source: I\n", "sources: I\n", "jiaotongwei-draft-1.source: Field required"),
    ],
)
def test_the_other_files_are_read_as_strictly(
    copy: Path, name: str, before: str, after: str, complaint: str
) -> None:
    spoil(copy, name, before, after)
    with pytest.raises(ScenarioError) as wrong:
        load(copy / EXAMPLE.name)
    assert f"{copy}/{name}: {complaint}" in wrong.value.complaints


def test_a_key_given_twice_is_no_silent_choice(copy: Path) -> None:
    spoil(copy, "policy.yaml", "source: I\n", "source: I\nsource: A\n")
    assert "'source' is given twice" in complaint_about(copy)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "registry.yaml").unlink()
    assert complaint_about(copy) == f"{copy}/registry.yaml: No such file or directory"
