"""What a line of an annual sheet rests on, as an official would say it: each cited event with its day and sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.portal.views.timeline import timeline
from services.portal.web.pages import day
from services.portal.web.visit import Visit
from services.portal.web.words import role_name, translations

STATES = {
    "done": ("✓", "完成"),
    "late": ("!", "逾期完成"),
    "open": ("◔", "进行中"),
    "not_applicable": ("–", "不适用"),
}
KINDS = {"report": "述法", "rectification": "整改"}

SENTENCES: dict[str, tuple[str, str, frozenset[str]]] = {
    "rostered": (
        "列为述法对象",
        "列为述法对象，述法会定于%(held_on)s召开",
        frozenset({"SessionScheduled"}),
    ),
    "withdrawn": ("不再安排述法", "不再安排述法", frozenset()),
    "reported": ("述法", "在%(held_on)s的述法会上述法", frozenset({"ReportDelivered"})),
    "due": ("确定整改期限", "会议纪要印发，整改期限为%(due_on)s", frozenset({"RectificationDue"})),
    "fed_back": (
        "报送整改反馈",
        "报送整改反馈（%(document_number)s），签发人%(signer)s",
        frozenset({"FeedbackSubmitted"}),
    ),
    "feedback_withdrawn": ("撤回反馈", "撤回反馈，期限为%(due_on)s", frozenset({"FeedbackWithdrawn"})),
    "receipted": ("反馈已签收", "%(office)s签收反馈", frozenset({"FeedbackReceipted"})),
    "returned": (
        "检查评估后退回",
        "检查评估后退回，期限改为%(due_on)s，原期限%(due_on_before)s",
        frozenset({"RectificationReturned"}),
    ),
    "extended": (
        "同意延期",
        "同意延期至%(due_on)s，原期限%(due_on_before)s",
        frozenset({"RectificationExtended"}),
    ),
    "suspended": (
        "整改中止，期限顺延",
        "整改中止%(days)s天，期限顺延至%(due_on)s",
        frozenset({"RectificationSuspended"}),
    ),
    "date_confirmed": (
        "期限确认",
        "节假日安排公布，期限确认为%(due_on)s",
        frozenset({"RectificationDateConfirmed"}),
    ),
    "items_corrected": (
        "会议纪要更正，整改事项随之更正",
        "会议纪要更正，整改事项随之更正",
        frozenset(),
    ),
    "supervision_opened": (
        "发出督办通知单",
        "发出督办通知单（%(notice_number)s）",
        frozenset({"SupervisionOpened"}),
    ),
    "supervision_closed": (
        "督办办结",
        "督办通知单（%(notice_number)s）办结",
        frozenset({"SupervisionClosed"}),
    ),
    "overdue": ("逾期未反馈", "%(due_on)s期满未反馈，逾期", frozenset({"RectificationOverdue"})),
    "verified": (
        "检查评估",
        "%(by_office)s检查评估：%(outcome)s",
        frozenset({"RectificationVerified"}),
    ),
    "corrected": (
        "更正记录",
        "更正记录：%(what)s由%(value_before)s更正为%(value)s。理由：%(reason)s（%(by_title)s%(by)s）",
        frozenset({"RecordCorrected"}),
    ),
}
"""Of each thing that a fact may be: what is said where the event itself is not at hand, what where it is, and of which
event the blanks are filled."""

CODES = {
    "outcome": {"passed": "完成", "partly": "部分完成"},
    "what": {"sent_on": "反馈发出日", "due_on": "整改期限"},
}
OFFICES = frozenset({"office", "by_office"})


@dataclass(frozen=True)
class Evidence:
    """One event that a line rests on. ``person`` held the post on that day."""

    citation: str
    on: str
    sentence: str
    person: str | None
    corrected: bool
    linked: bool
    """May who looks open the ledger it is in?"""


def sentence(what: str, data: Mapping[str, Any] | None, language: str, tier: str | None) -> str:
    """What happened. ``data`` is the event's, None where it is not at hand."""
    _ = translations(language).gettext
    short, full, _events = SENTENCES[what]
    if data is None:
        return _(short)
    told: dict[str, str] = {}
    for name, value in data.items():
        if name in CODES and value in CODES[name]:
            told[name] = _(CODES[name][value])
        elif name in OFFICES:
            told[name] = _(role_name(value, tier))
        elif name.endswith(("_on", "_on_before")) or name.startswith("value"):
            told[name] = day(value)
        elif value is not None:
            told[name] = str(value)
    try:
        return _(full) % told
    except KeyError:  # a blank that this event leaves open: a document without a number
        return _(short)


async def evidence_of(visit: Visit, lines: Iterable[Mapping[str, Any]]) -> dict[str, Evidence]:
    """Every fact of the lines by its citation and what it says of it."""
    facts = [fact for line in lines for fact in line["facts"]]
    told = await _told(visit, {fact["event"] for fact in facts})
    found = {}
    for fact in facts:
        events = SENTENCES[fact["what"]][2]
        data = next((data for event, data in told.get(fact["event"], ()) if event in events), None)
        found[fact["event"]] = Evidence(
            fact["event"],
            fact["on"],
            sentence(fact["what"], data, visit.language, visit.place.tier),
            fact["person"],
            fact["what"] == "corrected",
            visit.may_see(fact["event"].partition(":")[0], "ledger"),
        )
    return found


async def _told(visit: Visit, citations: Collection[str]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What the portal has heard of these events: their names and data, by citation."""
    asked = []
    for citation in citations:
        source, _, rest = citation.partition(":")
        tenant, _, number = rest.partition("#")
        if tenant == visit.tenant:
            asked.append((source, int(number)))
    query = sa.select(timeline).where(
        timeline.c.tenant == visit.tenant,
        sa.tuple_(timeline.c.source, timeline.c.ledger_sequence).in_(asked),
    )
    told: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    async with visit.reading() as connection:
        for row in await connection.execute(query):
            citation = f"{row.source}:{row.tenant}#{row.ledger_sequence}"
            told.setdefault(citation, []).append((row.event, row.data))
    return told
